import type { CustomerId, OrderId } from '#contracts';
import type { Answer, AskedWrite, History, LineUnits, Operation } from './history.ts';

type PlaceAsked = Extract<AskedWrite, { kind: 'place' }>;

/** Everything that was asked about one order, from the history alone. */
export interface AskedOrder {
  readonly orderId: OrderId;
  readonly places: Asking<PlaceAsked>[];
  readonly cancels: Asking<Extract<AskedWrite, { kind: 'cancel' }>>[];
  readonly ships: Asking<Extract<AskedWrite, { kind: 'ship' | 'return' }>>[];
  readonly returns: Asking<Extract<AskedWrite, { kind: 'ship' | 'return' }>>[];
}

export interface Asking<A> {
  readonly operation: Operation;
  readonly asked: A;
}

/** By order id, in the order in which they were first asked about. */
export function askedOrders({ operations }: History): ReadonlyMap<OrderId, AskedOrder> {
  const orders = new Map<OrderId, AskedOrder>();
  for (const operation of operations) {
    const { asked } = operation;
    if (asked.kind === 'list-orders' || asked.kind === 'read-stock' || asked.kind === 'read-order') continue;
    let order = orders.get(asked.orderId);
    if (order === undefined)
      orders.set(asked.orderId, (order = { orderId: asked.orderId, places: [], cancels: [], ships: [], returns: [] }));
    if (asked.kind === 'place') order.places.push({ operation, asked });
    else if (asked.kind === 'cancel') order.cancels.push({ operation, asked });
    else (asked.kind === 'ship' ? order.ships : order.returns).push({ operation, asked });
  }
  return orders;
}

export interface Acknowledged {
  readonly atMs: number;
  readonly answer: Exclude<Answer, { kind: 'read-order' | 'list-orders' | 'read-stock' }>;
}

/** The answer of a write that holds; undefined for any other end, and for one that is only queued. */
export function acknowledged({ completion }: Operation): Acknowledged | undefined {
  if (completion?.outcome !== 'ok' || !('durability' in completion.answer) || completion.answer.durability === 'none') return undefined;
  return { atMs: completion.atMs, answer: completion.answer };
}

/** The first of them that was acknowledged. */
export const firstAcknowledged = <A>(askings: readonly Asking<A>[]): Asking<A> | undefined =>
  askings.find(({ operation }) => acknowledged(operation) !== undefined);

/** Only this is certain not to have been done: every time that it was asked, it was refused. */
export const isRefused = (askings: readonly Asking<unknown>[]): boolean =>
  askings.length > 0 && askings.every(({ operation }) => operation.completion?.outcome === 'refused');

type MoveAsking = AskedOrder['ships'][number];

/** Units that certainly moved, by line number: of each operation id that was acknowledged, once. */
export function certainlyMoved(askings: readonly MoveAsking[]): ReadonlyMap<number, number> {
  const units = new Map<number, number>();
  for (const same of byOperation(askings).values()) {
    const sure = firstAcknowledged(same);
    if (sure !== undefined) addTo(units, unitsByLine(sure.asked.lines));
  }
  return units;
}

/** Units that may have moved, at most: of each operation id of which not every answer was a refusal, once. */
export function possiblyMoved(askings: readonly MoveAsking[]): ReadonlyMap<number, number> {
  const units = new Map<number, number>();
  for (const same of byOperation(askings).values()) {
    const sure = firstAcknowledged(same);
    const open = sure === undefined ? same.filter(({ operation }) => operation.completion?.outcome !== 'refused') : [sure];
    // One id with several requests: at most one of them is done.
    const most = new Map<number, number>();
    for (const { asked } of open)
      for (const [line, moved] of unitsByLine(asked.lines)) most.set(line, Math.max(moved, most.get(line) ?? 0));
    addTo(units, most);
  }
  return units;
}

/** In the order in which the ids were first used. */
export function byOperation(askings: readonly MoveAsking[]): ReadonlyMap<string, readonly MoveAsking[]> {
  return Map.groupBy(askings, ({ asked }) => asked.operationId);
}

function unitsByLine(lines: readonly LineUnits[]): Map<number, number> {
  const units = new Map<number, number>();
  for (const { lineNumber, quantity } of lines) units.set(lineNumber, (units.get(lineNumber) ?? 0) + quantity);
  return units;
}

function addTo(sums: Map<number, number>, more: ReadonlyMap<number, number>): void {
  for (const [line, units] of more) sums.set(line, (sums.get(line) ?? 0) + units);
}

/** Customer and key in one text, of which neither can hold the other's end. */
export const keyOf = ({ customer, key }: { readonly customer: CustomerId; readonly key: string }): string => `${customer}\n${key}`;
