import { accept, assert, assertNever, reject, type Decision } from '#kernel';
import type { LineQuantity, OrderCommand, OrderEvent } from '#contracts';
import type { OrderRefusal } from './order.refusals.ts';
import type { ConfirmedOrder, LineProgress, Operation, OrderState } from './order.state.ts';
import { refusalOfLines, totalMinorMax, totalMinorOf } from './order.totals.ts';

type OrderDecision = Decision<OrderEvent, OrderRefusal>;
type CommandOf<Type extends OrderCommand['type']> = Extract<OrderCommand, { type: Type }>;

export function decideOrder(command: OrderCommand, state: OrderState): OrderDecision {
  switch (command.type) {
    case 'PlaceOrder':
      return place(command, state);
    case 'RecallOrder':
      return recall(command, state);
    case 'ConfirmOrder':
      return confirm(command, state);
    case 'CancelOrder':
      return cancel(command, state);
    case 'ShipLines':
      return whenConfirmed(state, (order) => ship(command, order));
    case 'ReturnLines':
      return whenConfirmed(state, (order) => takeBack(command, order));
    default:
      return assertNever(command);
  }
}

function place(command: CommandOf<'PlaceOrder'>, state: OrderState): OrderDecision {
  if (state.status !== 'absent') return recall(command, state);
  const refusal = refusalOfLines(command.lines);
  if (refusal !== undefined) return reject(refusal);
  const totalMinor = totalMinorOf(command.lines, command.surcharges);
  if (totalMinor === undefined) return reject({ code: 'total-too-large', totalMinorMax });
  const { orderId, customerId, currency, lines, surcharges, requestFingerprint, now } = command;
  return accept([{ type: 'OrderPlaced', orderId, customerId, currency, lines, surcharges, totalMinor, placedAt: now, requestFingerprint }]);
}

/** The order id is derived from the client's key: the same request is a retry, another one a reused key. */
function recall({ requestFingerprint }: CommandOf<'PlaceOrder' | 'RecallOrder'>, state: OrderState): OrderDecision {
  if (state.status === 'absent') return reject({ code: 'order-not-found' });
  return state.requestFingerprint === requestFingerprint ? accept([]) : reject({ code: 'idempotency-key-reused' });
}

function confirm({ orderId, now }: CommandOf<'ConfirmOrder'>, state: OrderState): OrderDecision {
  switch (state.status) {
    case 'absent':
      return reject({ code: 'order-not-found' });
    case 'pending':
      return accept([{ type: 'OrderConfirmed', orderId, confirmedAt: now }]);
    case 'confirmed':
      return accept([]);
    case 'cancelled':
      // The cancellation came first: the process manager releases what was reserved and voids what was authorized.
      return accept([]);
    default:
      return assertNever(state);
  }
}

function cancel({ orderId, reason, now }: CommandOf<'CancelOrder'>, state: OrderState): OrderDecision {
  const cancelled = accept<OrderEvent>([{ type: 'OrderCancelled', orderId, reason, cancelledAt: now }]);
  switch (state.status) {
    case 'absent':
      return reject({ code: 'order-not-found' });
    case 'pending':
      return cancelled;
    case 'confirmed':
      // The other reasons are the process manager's, about a pending order: a confirmation that came first stands.
      if (reason !== 'requested-by-customer') return accept([]);
      return state.shipments.length === 0 ? cancelled : reject({ code: 'order-already-shipped' });
    case 'cancelled':
      return accept([]);
    default:
      return assertNever(state);
  }
}

function whenConfirmed(state: OrderState, decide: (order: ConfirmedOrder) => OrderDecision): OrderDecision {
  switch (state.status) {
    case 'absent':
      return reject({ code: 'order-not-found' });
    case 'pending':
      return reject({ code: 'order-not-confirmed' });
    case 'confirmed':
      return decide(state);
    case 'cancelled':
      return reject({ code: 'order-cancelled' });
    default:
      return assertNever(state);
  }
}

function ship({ orderId, shipmentId, lines, now }: CommandOf<'ShipLines'>, order: ConfirmedOrder): OrderDecision {
  const moved = inOrder(lines);
  const known = order.shipments.find(({ id }) => id === shipmentId);
  if (known !== undefined) return sameLines(known, moved) ? accept([]) : reject({ code: 'shipment-id-reused', shipmentId });
  const picked = pick(order, moved, ({ ordered, shipped }) => ordered - shipped, 'more-than-ordered');
  if ('code' in picked) return reject(picked);
  const surchargesMinor = order.shipments.length === 0 ? order.surchargesMinor : 0;
  const captureMinor = picked.amountMinor + surchargesMinor;
  return accept([{ type: 'OrderLinesShipped', orderId, shipmentId, lines: picked.lines, captureMinor, shippedAt: now }]);
}

function takeBack({ orderId, returnId, lines, now }: CommandOf<'ReturnLines'>, order: ConfirmedOrder): OrderDecision {
  const moved = inOrder(lines);
  const known = order.returns.find(({ id }) => id === returnId);
  if (known !== undefined) return sameLines(known, moved) ? accept([]) : reject({ code: 'return-id-reused', returnId });
  const picked = pick(order, moved, ({ shipped, returned }) => shipped - returned, 'more-than-shipped');
  if ('code' in picked) return reject(picked);
  return accept([{ type: 'OrderLinesReturned', orderId, returnId, lines: picked.lines, refundMinor: picked.amountMinor, returnedAt: now }]);
}

/** The lines in order of number, each number once, quantities of repeated numbers added up. */
function inOrder(lines: readonly LineQuantity[]): readonly LineQuantity[] {
  const sums = new Map<number, number>();
  for (const { lineNumber, quantity } of lines) sums.set(lineNumber, (sums.get(lineNumber) ?? 0) + quantity);
  return [...sums].map(([lineNumber, quantity]) => ({ lineNumber, quantity })).sort((a, b) => a.lineNumber - b.lineNumber);
}

function sameLines(known: Operation, lines: readonly LineQuantity[]): boolean {
  if (known.lines.length !== lines.length) return false;
  return known.lines.every(({ lineNumber, quantity }, i) => lines[i]?.lineNumber === lineNumber && lines[i].quantity === quantity);
}

interface Picked {
  readonly lines: Extract<OrderEvent, { type: 'OrderLinesShipped' }>['lines'];
  readonly amountMinor: number;
}

/** The lines with their skus and their worth at the order's own prices; a refusal when one is unknown or asks for too much. */
function pick(
  order: ConfirmedOrder,
  lines: readonly LineQuantity[],
  quantityMaxOf: (line: LineProgress) => number,
  tooMuch: 'more-than-ordered' | 'more-than-shipped',
): Picked | OrderRefusal {
  const byNumber = new Map(order.lines.map((line) => [line.lineNumber, line]));
  const picked: Picked['lines'] = [];
  let amountMinor = 0;
  for (const { lineNumber, quantity } of lines) {
    const line = byNumber.get(lineNumber);
    if (line === undefined) return { code: 'line-not-found', lineNumber };
    const quantityMax = quantityMaxOf(line);
    if (quantity > quantityMax) return { code: tooMuch, lineNumber, quantityMax };
    picked.push({ lineNumber, sku: line.sku, quantity });
    amountMinor += quantity * line.unitPriceMinor;
  }
  assert(Number.isSafeInteger(amountMinor), 'a part of an order is worth no more than the order, which is exact');
  return { lines: picked, amountMinor };
}
