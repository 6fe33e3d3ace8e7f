import { expect, it } from 'vitest';
import type { OrderEvent, OrderId, ShardId, Sku } from '#contracts';
import type { SettledEvent } from '#projections';
import { orderLinesProjection } from './order-line.projection.ts';
import { ordersProjection } from './order.projection.ts';

const orderId = `ord_${'a'.repeat(26)}` as OrderId;
const shard = 'order.east.0' as ShardId;
const at = '2026-11-21T12:00:00.1239Z';
const settled = (...events: OrderEvent[]): SettledEvent<OrderEvent>[] => events.map((event, i) => ({ shard, seq: i + 1, index: 0, event }));

const placed: OrderEvent = {
  type: 'OrderPlaced',
  orderId,
  customerId: 'alice' as never,
  currency: 'GBP',
  lines: [1, 2].map((lineNumber) => ({ lineNumber, sku: `S${lineNumber}` as Sku, name: 'thing', quantity: 5, unitPriceMinor: 10 })),
  surcharges: [],
  totalMinor: 100,
  placedAt: at,
  requestFingerprint: 'f'.repeat(64),
};
const line = (lineNumber: number, quantity: number) => ({ lineNumber, quantity, sku: `S${lineNumber}` as Sku });
const shipped: OrderEvent = {
  type: 'OrderLinesShipped',
  orderId,
  shipmentId: 's',
  lines: [line(1, 4), line(2, 1)],
  captureMinor: 50,
  shippedAt: at,
};
const returned: OrderEvent = { type: 'OrderLinesReturned', orderId, returnId: 'r', lines: [line(1, 2)], refundMinor: 20, returnedAt: at };

it('counts what was shipped and returned, in units and in money', () => {
  const [row] = ordersProjection.fold(settled(placed, { type: 'OrderConfirmed', orderId, confirmedAt: at }, shipped, shipped, returned));
  expect(row).toMatchObject({
    seq: 5,
    status: 'confirmed',
    units_ordered: 10,
    units_shipped: 10,
    units_returned: 2,
    shipped_minor: 100,
    returned_minor: 20,
    placed_at: '2026-11-21T12:00:00.123Z',
  });
  const lines = orderLinesProjection.fold(settled(placed, shipped, returned));
  expect(lines.map((row) => [row.line_number, row.quantity, row.shipped, row.returned])).toEqual([
    [1, 5, 4, 2],
    [2, 5, 1, 0],
  ]);
});

it('keeps why an order was cancelled', () => {
  const [row] = ordersProjection.fold(settled(placed, { type: 'OrderCancelled', orderId, reason: 'payment-declined', cancelledAt: at }));
  expect(row).toMatchObject({ status: 'cancelled', cancel_reason: 'payment-declined' });
});

it('makes no row of events whose order was skipped', () => {
  expect(ordersProjection.fold(settled(shipped))).toEqual([]);
  expect(orderLinesProjection.fold(settled(returned))).toEqual([]);
});
