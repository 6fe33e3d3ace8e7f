import { expect, it } from 'vitest';
import type { OrderEvent } from '#contracts';
import { metricNames, metrics } from '#telemetry';
import { countingFrom } from '#test-kit';
import { OrderMetrics } from './order-metrics.ts';

const placedAt = '2026-01-02T03:04:05.000Z';
const placed = (orderId: string) => ({ type: 'OrderPlaced', orderId, placedAt }) as unknown as OrderEvent;
const confirmed = (orderId: string) => ({ type: 'OrderConfirmed', orderId }) as unknown as OrderEvent;
const cancelled = (reason: string) => ({ type: 'OrderCancelled', orderId: 'ord_x', reason }) as unknown as OrderEvent;

it('counts each order by what came of it, and times those that it saw placed', async () => {
  const grownBy = await countingFrom(metrics);
  const orders = new OrderMetrics(() => Date.parse(placedAt) + 400);
  orders.settled([placed('ord_a')]);
  orders.settled([placed('ord_b'), confirmed('ord_a')]);
  orders.settled([confirmed('ord_of_an_earlier_process')]);
  for (const reason of ['requested-by-customer', 'out-of-stock', 'payment-declined', 'expired', 'expired', 'expired'])
    orders.settled([cancelled(reason)]);
  for (const [outcome, count] of Object.entries({ placed: 2, confirmed: 2, cancelled: 1, rejected: 2, expired: 3 }))
    expect(await grownBy(metricNames.orders, { outcome })).toBe(count);
  expect(await grownBy(`${metricNames.confirmDuration}_count`)).toBe(1);
  expect(await grownBy(`${metricNames.confirmDuration}_sum`)).toBeCloseTo(0.4);
});
