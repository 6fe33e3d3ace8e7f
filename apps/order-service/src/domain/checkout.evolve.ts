import { assertNever } from '#kernel';
import type { InventoryEvent, OrderEvent, PaymentEvent, ShardId, SkuQuantity } from '#contracts';
import type { CheckoutState, KnownOrder, LinesByShard, Movement, OrderPart, PaymentPart, StockPart } from './checkout.state.ts';

export type CheckoutEvent = OrderEvent | InventoryEvent | PaymentEvent;
type EventOf<Type extends CheckoutEvent['type']> = Extract<CheckoutEvent, { type: Type }>;

/** Groups lines by the inventory shard of their sku. */
export type GroupLines = (customerId: KnownOrder['customerId'], lines: readonly SkuQuantity[]) => LinesByShard;

export function evolveCheckout(state: CheckoutState, event: CheckoutEvent, shard: ShardId, group: GroupLines): CheckoutState {
  switch (event.type) {
    case 'OrderPlaced':
    case 'OrderConfirmed':
    case 'OrderCancelled':
      return slim({ ...state, order: evolveOrder(state.order, event, group) });
    case 'OrderLinesShipped': {
      if (state.order.status === 'unknown') return state; // cannot be: events of one shard come in order
      const asked = { amountMinor: event.captureMinor, lines: group(state.order.customerId, event.lines) };
      // What has left the house cannot be cancelled: the lines will not be released any more.
      return { ...state, order: { ...state.order, lines: {} }, shipments: moved(state.shipments, event.shipmentId, { asked }) };
    }
    case 'OrderLinesReturned': {
      if (state.order.status === 'unknown') return state;
      const asked = { amountMinor: event.refundMinor, lines: group(state.order.customerId, event.lines) };
      return { ...state, returns: moved(state.returns, event.returnId, { asked }) };
    }
    case 'StockReserved':
      return withStock(state, shard, { status: 'reserved' });
    case 'StockRejected':
      return withStock(state, shard, { status: 'rejected' });
    case 'StockReleased':
      return withStock(state, shard, { status: 'released' });
    case 'StockAwaited': {
      // The wait is bounded as a whole, however many regions are asked in turn.
      const before = state.stock[shard];
      return withStock(state, shard, { status: 'awaited', awaitedAt: before?.status === 'awaited' ? before.awaitedAt : event.awaitedAt });
    }
    case 'StockShipped':
      return { ...state, shipments: moved(state.shipments, event.shipmentId, { doneIn: shard }) };
    case 'StockRestocked':
      return { ...state, returns: moved(state.returns, event.returnId, { doneIn: shard }) };
    case 'PaymentCaptureRequested':
      return { ...state, shipments: moved(state.shipments, event.captureId, { moneyRequested: true }) };
    case 'PaymentRefundRequested': {
      const payment = evolvePayment(state.payment, event);
      return { ...state, payment, returns: moved(state.returns, event.refundId, { moneyRequested: true }) };
    }
    case 'PaymentAuthorizationRequested':
    case 'PaymentAuthorized':
    case 'PaymentDeclined':
    case 'PaymentVoidRequested':
    case 'PaymentCaptured':
    case 'PaymentRefunded':
    case 'PaymentRefundRefused':
      return { ...state, payment: evolvePayment(state.payment, event) };
    default:
      return state; // stock and products without an order, a void carried out, a capture refused: nothing follows for the order
  }
}

function evolveOrder(order: OrderPart, event: EventOf<'OrderPlaced' | 'OrderConfirmed' | 'OrderCancelled'>, group: GroupLines): OrderPart {
  if (event.type === 'OrderPlaced') {
    const { customerId, currency, totalMinor, placedAt } = event;
    return { status: 'pending', customerId, currency, totalMinor, placedAt, lines: group(customerId, event.lines) };
  }
  if (order.status === 'unknown') return order;
  const { customerId, currency, lines } = order;
  return { status: event.type === 'OrderConfirmed' ? 'confirmed' : 'cancelled', customerId, currency, lines };
}

const withStock = (state: CheckoutState, shard: ShardId, part: StockPart): CheckoutState =>
  slim({ ...state, stock: { ...state.stock, [shard]: part } });

/**
 * Drops what nothing can ask for again: of a confirmed order that its stock is reserved (a confirmation implies it), of a cancelled
 * one the shards that hold nothing. Safe in any order of events, because both sides of a pair have been seen.
 */
function slim(state: CheckoutState): CheckoutState {
  const { order } = state;
  if (order.status === 'confirmed') {
    const ended = Object.entries(state.stock).filter(([, { status }]) => status === 'released' || status === 'rejected');
    return { ...state, stock: Object.fromEntries(ended) };
  }
  if (order.status !== 'cancelled') return state;
  const lines = { ...order.lines };
  const stock = { ...state.stock };
  for (const [shard, { status }] of Object.entries(state.stock) as [ShardId, StockPart][]) {
    if (status !== 'released' && status !== 'rejected') continue;
    delete lines[shard];
    delete stock[shard];
  }
  return { ...state, order: { ...order, lines }, stock };
}

interface Progress {
  readonly asked?: NonNullable<Movement['asked']>;
  readonly doneIn?: ShardId;
  readonly moneyRequested?: true;
}

function moved(movements: readonly Movement[], id: string, progress: Progress): readonly Movement[] {
  const others = movements.filter((movement) => movement.id !== id);
  const before = movements.find((movement) => movement.id === id) ?? { id, asked: undefined, doneIn: [], moneyRequested: false };
  const after = settle({
    id,
    asked: progress.asked ?? before.asked,
    doneIn: progress.doneIn === undefined ? before.doneIn : [...before.doneIn, progress.doneIn].sort(),
    moneyRequested: before.moneyRequested || progress.moneyRequested === true,
  });
  if (after === undefined) return others;
  return [...others, after].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Strikes out what is both asked and done; undefined when nothing is left. */
function settle(movement: Movement): Movement | undefined {
  const { asked, doneIn, moneyRequested } = movement;
  if (asked === undefined) return movement;
  const lines = { ...asked.lines };
  for (const shard of doneIn) delete lines[shard];
  if (Object.keys(lines).length === 0 && (moneyRequested || asked.amountMinor === 0)) return undefined;
  return { ...movement, asked: { ...asked, lines }, doneIn: [] };
}

type PaymentPartEvent = EventOf<
  | 'PaymentAuthorizationRequested'
  | 'PaymentAuthorized'
  | 'PaymentDeclined'
  | 'PaymentVoidRequested'
  | 'PaymentCaptured'
  | 'PaymentRefundRequested'
  | 'PaymentRefunded'
  | 'PaymentRefundRefused'
>;

function evolvePayment(payment: PaymentPart, event: PaymentPartEvent): PaymentPart {
  switch (event.type) {
    case 'PaymentAuthorizationRequested':
      return { ...payment, status: 'requested' };
    case 'PaymentAuthorized':
      return { ...payment, status: 'authorized' };
    case 'PaymentDeclined':
      return { ...payment, status: 'declined' };
    case 'PaymentVoidRequested':
      return { ...payment, voidRequested: true };
    case 'PaymentCaptured':
      return { ...payment, capturedMinor: payment.capturedMinor + event.amountMinor };
    case 'PaymentRefundRequested':
      return {
        ...payment,
        refundedMinor: payment.refundedMinor + event.amountMinor,
        openRefunds: [...payment.openRefunds, { id: event.refundId, amountMinor: event.amountMinor }],
      };
    case 'PaymentRefunded':
      return { ...payment, openRefunds: payment.openRefunds.filter(({ id }) => id !== event.refundId) };
    case 'PaymentRefundRefused': {
      const refused = payment.openRefunds.find(({ id }) => id === event.refundId);
      return {
        ...payment,
        refundedMinor: payment.refundedMinor - (refused?.amountMinor ?? 0),
        openRefunds: payment.openRefunds.filter(({ id }) => id !== event.refundId),
      };
    }
    default:
      return assertNever(event);
  }
}
