import { shardOf, type Fulfilment, type OrderSummary } from '#contracts';
import type { OrderEntity } from './order.entity.ts';

function fulfilmentOf({ unitsOrdered, unitsShipped }: OrderEntity): Fulfilment {
  if (unitsShipped === 0) return 'open';
  return unitsShipped < unitsOrdered ? 'partly-shipped' : 'shipped';
}

/** What the API says of an order, without its lines. */
export const orderSummaryOf = (order: OrderEntity): OrderSummary => ({
  orderId: order.orderId,
  customerId: order.customerId,
  homeRegion: shardOf(order.shard).home,
  status: order.status,
  fulfilment: fulfilmentOf(order),
  currency: order.currency,
  totalMinor: order.totalMinor,
  shippedMinor: order.shippedMinor,
  returnedMinor: order.returnedMinor,
  unitsOrdered: order.unitsOrdered,
  unitsShipped: order.unitsShipped,
  unitsReturned: order.unitsReturned,
  placedAt: order.placedAt.toISOString(),
  confirmedAt: order.confirmedAt?.toISOString() ?? null,
  cancelledAt: order.cancelledAt?.toISOString() ?? null,
  cancelReason: order.cancelReason,
});
