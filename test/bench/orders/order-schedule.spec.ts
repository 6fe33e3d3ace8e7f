import { describe, expect, it } from 'vitest';
import { sku } from '#contracts';
import { someCustomers } from '../bench.fixture.ts';
import { orderSchedule, waitsForOutcome, type LoadPlan } from './order-schedule.ts';

const plan: LoadPlan = {
  name: 'test',
  ordersPerSecond: 40,
  seconds: 10,
  warmUpSeconds: 4,
  customers: someCustomers(4),
  skus: Array.from({ length: 12 }, (_, i) => sku(`S${i}`)),
  linesPerOrder: 3,
  seed: 7,
};

describe('the orders of a load', () => {
  it('are due evenly after the warm-up, as many a second as it was told', () => {
    const due = orderSchedule(plan).map(({ dueMs }) => dueMs);
    const counted = due.filter((ms) => ms >= 4_000);
    expect(counted).toHaveLength(400);
    expect(counted.slice(0, 3).map(Math.round)).toEqual([4_000, 4_025, 4_050]);
    expect(due.filter((ms) => ms < 4_000)).toHaveLength(80); // half of the rate, on average
    expect(due).toEqual(due.toSorted((a, b) => a - b));
  });

  it('have lines of different skus, and are the same in every process that is told the same', () => {
    const orders = orderSchedule(plan);
    for (const { lines } of orders) expect(new Set(lines.map((line) => line.sku)).size).toBe(3);
    expect(orderSchedule(plan)).toEqual(orders);
    expect(orderSchedule({ ...plan, seed: 8 })).not.toEqual(orders);
    expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(orders.length);
  });

  it('are of both kinds, half each, at every home', () => {
    for (const home of ['east', 'west']) {
      const of = orderSchedule(plan).filter(({ client }) => client.home === home);
      expect(of.length).toBe(240);
      expect(of.filter(waitsForOutcome).length).toBe(120);
    }
  });

  it('cannot have more different skus than there are', () => {
    expect(() => orderSchedule({ ...plan, linesPerOrder: 13 })).toThrow(RangeError);
  });
});
