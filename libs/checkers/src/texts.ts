import type { Asked, Completion, LineUnits, Operation, PoolUnits, SkuUnits } from './history.ts';
import type { FinalOrder, FinalPayment, FinalPool, FinalReservation } from './final-reads.ts';

/** Texts that say all of a value, with fields in one order: equal if and only if the values are; also what people read. */
export const linesText = (lines: readonly SkuUnits[]): string =>
  lines.length === 0 ? 'nothing' : lines.map(({ sku, quantity }) => `${quantity} of ${sku}`).join(', ');

export const unitsOf = (lines: readonly Pick<LineUnits, 'quantity'>[]): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);

export const orderText = ({ customer, status, cancelReason, lines, ...money }: FinalOrder): string => {
  const held = lines.map(
    ({ lineNumber, sku, quantity, shipped, returned }) => `${lineNumber}: ${quantity} of ${sku}, ${shipped} shipped, ${returned} returned`,
  );
  const { totalMinor, shippedMinor, returnedMinor } = money;
  return `${status}${cancelReason === null ? '' : ` (${cancelReason})`} of ${customer} [${held.join('; ')}] total ${totalMinor}, shipped ${shippedMinor}, returned ${returnedMinor}`;
};

const poolFields = ['available', 'reserved', 'shipped', 'received', 'adjusted', 'sent', 'arrived'] as const;
export const poolText = (pool: PoolUnits): string => poolFields.map((field) => `${pool[field]} ${field}`).join(', ');
export const poolName = ({ sku, home }: Pick<FinalPool, 'sku' | 'home'>): string => `${sku} in the pool of ${home}`;

export const reservationText = ({ status, held }: FinalReservation): string =>
  `${status}, holding ${linesText([...held].sort((a, b) => (a.sku < b.sku ? -1 : 1)))}`;

export const paymentText = ({ status, authorizedMinor, capturedMinor, refundedMinor, outstanding, refused }: FinalPayment): string =>
  `${status}: ${authorizedMinor} authorized, ${capturedMinor} captured, ${refundedMinor} refunded, ${outstanding} outstanding, ${refused} refused`;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** `place ord_… (key k)`, `read-stock TEA`. */
export function askedText(asked: Asked): string {
  if (asked.kind === 'place') return `place ${asked.orderId} (key ${asked.key})`;
  if (asked.kind === 'list-orders') return `list-orders of ${asked.customer}`;
  if (asked.kind === 'read-stock') return `read-stock ${asked.sku}`;
  return `${asked.kind} ${asked.orderId}`;
}

/** When, by whom and what, so that it can be found in a recording. */
export const operationText = ({ session, invokedMs, asked }: Operation): string =>
  `${askedText(asked)} by ${session} at ${seconds(invokedMs)}`;

type Ok = Extract<Completion, { outcome: 'ok' }>;
export const okOf = ({ completion }: Operation): Ok | undefined => (completion?.outcome === 'ok' ? completion : undefined);
