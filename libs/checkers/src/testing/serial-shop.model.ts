import { assert } from '#kernel';
import {
  customerId,
  homeOf,
  mergeTokens,
  orderIdOf,
  partitionOf,
  region,
  shardId,
  shardOf,
  sku,
  type CancelReason,
  type CustomerId,
  type OrderId,
  type Region,
  type Service,
  type ShardId,
  type ShardSeqs,
  type Sku,
} from '#contracts';
import type { FinalOrder, FinalPayment, FinalPool, FinalReservation, LedgerAccount, SettledCommit } from '../final-reads.ts';
import type { LineUnits, SkuUnits } from '../history.ts';

export const [east, west] = [region('east'), region('west')];
export const regions: readonly Region[] = [east, west];
export const partitions = 2;
export const [tea, mug, gift] = [sku('TEA'), sku('MUG'), sku('GIFT')];
export const priceMinor: ReadonlyMap<Sku, number> = new Map([
  [tea, 500],
  [mug, 1_200],
  [gift, 0],
]);

/** A row of a table with all that it ever was: a region that lags shows what it was as of the seq that it has read. */
export interface Row<T> {
  readonly shard: ShardId;
  readonly versions: { readonly seq: number; readonly value: T }[];
}

export const now = <T>({ versions }: Row<T>): T => versions.at(-1)!.value;

interface Session {
  readonly name: string;
  readonly customer: CustomerId;
  token: ShardSeqs;
}

/** What a decision came to: where it was decided, or why not. */
export type Decided =
  { readonly kind: 'ok'; readonly token: ShardSeqs; readonly changed: boolean } | { readonly kind: 'refused'; readonly code: string };

/**
 * A shop as it would be if there were one machine and no faults: each request is decided at once, with all that follows from it, and
 * written to the shards' logs; two regions read those at their own pace. What its clients see is by construction right.
 */
export class SerialShop {
  readonly logs = new Map<ShardId, SettledCommit[]>();
  readonly progress = new Map<Region, Map<ShardId, number>>(regions.map((name) => [name, new Map()]));
  readonly orders = new Map<OrderId, Row<FinalOrder>>();
  readonly pools = new Map<string, Row<FinalPool>>();
  readonly reservations = new Map<OrderId, Row<FinalReservation>[]>();
  readonly payments = new Map<OrderId, Row<FinalPayment>>();
  readonly ledger = new Map<OrderId, LedgerAccount>();
  readonly sessions: readonly Session[] = Array.from({ length: 4 }, (_, i) => ({
    name: `client ${i}`,
    customer: customerId(`customer-${i}`),
    token: {},
  }));
  readonly #moves = new Set<string>();

  receive(home: Region, what: Sku, quantity: number): void {
    const pool = this.#pool(home, what);
    this.#write(pool.shard, `receive ${quantity}`, [[pool, plus(now(pool), { available: quantity, received: quantity })]]);
  }

  hears(session: Session, token: ShardSeqs): void {
    session.token = mergeTokens(session.token, token);
  }

  place(customer: CustomerId, key: string, wanted: readonly SkuUnits[]): Decided {
    const orderId = orderIdOf(customer, key);
    const known = this.orders.get(orderId);
    if (known !== undefined) return { kind: 'ok', token: tokenOf(known), changed: false };
    const lines = wanted.map((line, i) => ({ ...line, lineNumber: i + 1, shipped: 0, returned: 0 }));
    const totalMinor = worth(lines);
    const placed: FinalOrder = {
      orderId,
      customer,
      status: 'pending',
      cancelReason: null,
      lines,
      totalMinor,
      shippedMinor: 0,
      returnedMinor: 0,
    };
    const row: Row<FinalOrder> = { shard: this.#shardOfOrder('order', customer, orderId), versions: [] };
    this.orders.set(orderId, row);
    this.#write(row.shard, `place ${orderId}`, [[row, placed]]);
    return { kind: 'ok', token: tokenOf(row), changed: true };
  }

  /** What process managers do about a pending order: reserve, authorize, confirm; or cancel it. */
  carryOn(orderId: OrderId, isDeclined: boolean): void {
    const row = this.orders.get(orderId)!;
    const order = now(row);
    if (order.status !== 'pending') return;
    const home = homeOf({ homes: regions }, order.customer);
    const wanted = sumOf(order.lines);
    const isShort = [...wanted].some(([what, units]) => now(this.#pool(home, what)).available < units);
    if (isShort) return this.#cancel(row, 'out-of-stock');
    for (const [what, units] of wanted) {
      const pool = this.#pool(home, what);
      const part = { orderId, shard: pool.shard, home, status: 'reserved' as const, held: [{ sku: what, quantity: units }] };
      const reservation = this.#reservation(orderId, pool.shard);
      const before = reservation.versions.length === 0 ? [] : now(reservation).held;
      this.#write(pool.shard, `reserve ${orderId}`, [
        [pool, plus(now(pool), { available: -units, reserved: units })],
        [reservation, { ...part, held: [...before, ...part.held] }],
      ]);
    }
    if (order.totalMinor > 0) this.#authorize(order, isDeclined);
    if (order.totalMinor > 0 && isDeclined) return this.#cancel(row, 'payment-declined');
    return this.#write(row.shard, `confirm ${orderId}`, [[row, { ...now(row), status: 'confirmed' }]]);
  }

  cancel(orderId: OrderId): Decided {
    const row = this.orders.get(orderId);
    if (row === undefined) return { kind: 'refused', code: 'order-not-found' };
    const { status, shippedMinor, lines } = now(row);
    if (status === 'cancelled') return { kind: 'ok', token: tokenOf(row), changed: false };
    if (shippedMinor > 0 || lines.some(({ shipped }) => shipped > 0)) return { kind: 'refused', code: 'order-already-shipped' };
    this.#cancel(row, 'requested-by-customer');
    return { kind: 'ok', token: tokenOf(row), changed: true };
  }

  /** Ships or takes back, with its stock and its money. */
  move(kind: 'ship' | 'return', orderId: OrderId, operationId: string, moved: readonly LineUnits[]): Decided {
    const row = this.orders.get(orderId);
    if (row === undefined || now(row).status !== 'confirmed') return { kind: 'refused', code: 'order-not-confirmed' };
    if (this.#moves.has(operationId)) return { kind: 'ok', token: tokenOf(row), changed: false };
    const order = now(row);
    const units = new Map(moved.map(({ lineNumber, quantity }) => [lineNumber, quantity]));
    const lines = order.lines.map((line) => {
      const quantity = units.get(line.lineNumber) ?? 0;
      return kind === 'ship' ? { ...line, shipped: line.shipped + quantity } : { ...line, returned: line.returned + quantity };
    });
    if (lines.some(({ quantity, shipped, returned }) => shipped > quantity || returned > shipped))
      return { kind: 'refused', code: 'not-processable' };
    this.#moves.add(operationId);
    const part = order.lines.map((line) => ({ sku: line.sku, quantity: units.get(line.lineNumber) ?? 0 }));
    const money = worth(part);
    const field = kind === 'ship' ? 'shippedMinor' : 'returnedMinor';
    this.#write(row.shard, `${kind} ${operationId}`, [[row, { ...order, lines, [field]: order[field] + money }]]);
    this.#moveStock(kind, order, sumOf(part));
    if (money > 0) this.#moveMoney(kind, orderId, money);
    return { kind: 'ok', token: tokenOf(row), changed: true };
  }

  /** Units go from one region's pool to the other's. */
  transfer(from: Region, to: Region, what: Sku, wanted: number): void {
    const [sender, receiver] = [this.#pool(from, what), this.#pool(to, what)];
    const units = Math.min(wanted, now(sender).available);
    if (units === 0 || from === to) return;
    this.#write(sender.shard, 'send', [[sender, plus(now(sender), { available: -units, sent: units })]]);
    this.#write(receiver.shard, 'receive', [[receiver, plus(now(receiver), { available: units, arrived: units })]]);
  }

  catchUp(where: Region, service?: Service): void {
    const read = this.progress.get(where)!;
    for (const [shard, commits] of this.logs)
      if (service === undefined || shardOf(shard).service === service) read.set(shard, commits.length);
  }

  reaches(where: Region, token: ShardSeqs, service: Service): boolean {
    const read = this.progress.get(where)!;
    return (Object.entries(token) as [ShardId, number][]).every(
      ([shard, seq]) => shardOf(shard).service !== service || (read.get(shard) ?? 0) >= seq,
    );
  }

  /** What the region shows of a row now: its value, and the version. */
  seen<T>(where: Region, row: Row<T>): { readonly value: T; readonly token: ShardSeqs } | undefined {
    const reached = this.progress.get(where)!.get(row.shard) ?? 0;
    const version = row.versions.findLast(({ seq }) => seq <= reached);
    return version === undefined ? undefined : { value: version.value, token: { [row.shard]: version.seq } };
  }

  #cancel(row: Row<FinalOrder>, reason: CancelReason): void {
    const order = now(row);
    this.#write(row.shard, `cancel ${order.orderId}`, [[row, { ...order, status: 'cancelled', cancelReason: reason }]]);
    const home = homeOf({ homes: regions }, order.customer);
    for (const reservation of this.reservations.get(order.orderId) ?? [])
      for (const { sku: what, quantity } of now(reservation).held) {
        const pool = this.#pool(home, what);
        const left = now(reservation).held.filter((line) => line.sku !== what);
        this.#write(pool.shard, `release ${order.orderId}`, [
          [pool, plus(now(pool), { available: quantity, reserved: -quantity })],
          [reservation, { ...now(reservation), status: 'released', held: left }],
        ]);
      }
    const payment = this.payments.get(order.orderId);
    if (payment === undefined || now(payment).status !== 'authorized') return;
    this.ledger.set(order.orderId, { ...this.ledger.get(order.orderId)!, voided: true });
    this.#write(payment.shard, `void ${order.orderId}`, [[payment, { ...now(payment), status: 'voided' }]]);
  }

  #authorize({ orderId, customer, totalMinor }: FinalOrder, isDeclined: boolean): void {
    const row: Row<FinalPayment> = { shard: this.#shardOfOrder('payment', customer, orderId), versions: [] };
    this.payments.set(orderId, row);
    const money = { authorizedMinor: isDeclined ? 0 : totalMinor, capturedMinor: 0, refundedMinor: 0 };
    const payment: FinalPayment = { orderId, status: isDeclined ? 'declined' : 'authorized', outstanding: 0, refused: 0, ...money };
    this.#write(row.shard, `authorize ${orderId}`, [[row, payment]]);
    if (!isDeclined) this.ledger.set(orderId, { orderId, authorizations: 1, voided: false, charges: 0, ...money });
  }

  #moveStock(kind: 'ship' | 'return', { orderId, customer }: FinalOrder, moved: ReadonlyMap<Sku, number>): void {
    const home = homeOf({ homes: regions }, customer);
    for (const [what, units] of moved) {
      if (units === 0) continue;
      const pool = this.#pool(home, what);
      const reservation = this.#reservation(orderId, pool.shard);
      const held = now(reservation).held.map((line) =>
        line.sku === what && kind === 'ship' ? { ...line, quantity: line.quantity - units } : line,
      );
      const change = kind === 'ship' ? { reserved: -units, shipped: units } : { shipped: -units, available: units };
      this.#write(pool.shard, `${kind} stock`, [
        [pool, plus(now(pool), change)],
        [reservation, { ...now(reservation), held: held.filter(({ quantity }) => quantity > 0) }],
      ]);
    }
  }

  #moveMoney(kind: 'ship' | 'return', orderId: OrderId, money: number): void {
    const payment = this.payments.get(orderId)!;
    const field = kind === 'ship' ? 'capturedMinor' : 'refundedMinor';
    this.#write(payment.shard, `${field} ${orderId}`, [[payment, { ...now(payment), [field]: now(payment)[field] + money }]]);
    const account = this.ledger.get(orderId)!;
    const charges = account.charges + (kind === 'ship' ? 1 : 0);
    this.ledger.set(orderId, { ...account, charges, [field]: account[field] + money });
  }

  #pool(home: Region, what: Sku): Row<FinalPool> {
    const name = `${what} ${home}`;
    let row = this.pools.get(name);
    const units = { available: 0, reserved: 0, shipped: 0, received: 0, adjusted: 0, sent: 0, arrived: 0 };
    const shard = shardId({ service: 'inventory', home, partition: partitionOf(what, partitions) });
    if (row === undefined) this.pools.set(name, (row = { shard, versions: [{ seq: 0, value: { sku: what, home, ...units } }] }));
    return row;
  }

  #reservation(orderId: OrderId, shard: ShardId): Row<FinalReservation> {
    const parts = this.reservations.get(orderId) ?? [];
    this.reservations.set(orderId, parts);
    let row = parts.find((part) => part.shard === shard);
    if (row === undefined) parts.push((row = { shard, versions: [] }));
    return row;
  }

  #shardOfOrder(service: 'order' | 'payment', customer: CustomerId, orderId: OrderId): ShardId {
    return shardId({ service, home: homeOf({ homes: regions }, customer), partition: partitionOf(orderId, partitions) });
  }

  #write(shard: ShardId, cause: string, changes: readonly (readonly [Row<never>, unknown] | readonly [Row<unknown>, unknown])[]): void {
    const commits = this.logs.get(shard) ?? [];
    this.logs.set(shard, commits);
    const seq = commits.length + 1;
    commits.push({ seq, writer: '1/1/only', cause, events: JSON.stringify(changes.map(([, value]) => value)) });
    for (const [row, value] of changes) (row.versions as { seq: number; value: unknown }[]).push({ seq, value });
  }
}

const tokenOf = ({ shard, versions }: Row<unknown>): ShardSeqs => ({ [shard]: versions.at(-1)!.seq });

/** The pool with so many units more in these places. */
function plus(
  pool: FinalPool,
  more: Partial<Record<'available' | 'reserved' | 'shipped' | 'received' | 'sent' | 'arrived', number>>,
): FinalPool {
  const changed = { ...pool };
  for (const [field, units] of Object.entries(more)) changed[field as 'available'] += units;
  assert(changed.available >= 0 && changed.reserved >= 0 && changed.shipped >= 0, `a pool below nothing: ${JSON.stringify(changed)}`);
  return changed;
}

function sumOf(lines: readonly SkuUnits[]): ReadonlyMap<Sku, number> {
  const sums = new Map<Sku, number>();
  for (const { sku: what, quantity } of lines) sums.set(what, (sums.get(what) ?? 0) + quantity);
  return sums;
}

const worth = (lines: readonly SkuUnits[]): number => lines.reduce((sum, line) => sum + line.quantity * priceMinor.get(line.sku)!, 0);
