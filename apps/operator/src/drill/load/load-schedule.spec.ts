import { describe, expect, it } from 'vitest';
import { homeOf, orderIdOf, region } from '#contracts';
import { drillGoods, unitsToReceive } from './stock-the-drill.ts';
import { loadSchedule, unitsWanted, type LoadOptions } from './load-schedule.ts';

const homes = [region('east'), region('west')];
const options: LoadOptions = {
  name: 'drill-a',
  topology: { homes },
  ordersPerSecond: 40,
  seconds: 90,
  warmUpSeconds: 0,
  clientsPerHome: 10,
  goods: drillGoods('drill-a'),
  seed: 7,
};
const orders = loadSchedule(options);

describe('the schedule of a load', () => {
  it('has an order due every so often, whatever happens, each under a key of its own', () => {
    expect(orders).toHaveLength(3_600);
    expect(orders[1]!.dueMs).toBe(25);
    expect(orders.at(-1)!.dueMs).toBe(89_975);
    expect(new Set(orders.map(({ key }) => key)).size).toBe(3_600);
    for (const { client, key, orderId } of orders) expect(orderId).toBe(orderIdOf(client.customer, key));
  });

  it('gives every client of both kinds and both homes an equal share, at every time', () => {
    for (const some of [orders, orders.slice(0, 400), orders.slice(2_000, 2_400)]) {
      const counts = new Map<string, number>();
      for (const { client } of some) {
        expect(homeOf(options.topology, client.customer)).toBe(client.home);
        const key = `${client.kind} ${client.home} ${client.index}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      expect(counts.size).toBe(40);
      expect(new Set(counts.values()).size).toBe(1);
    }
  });

  it('begins slowly where a warm-up is wanted, and goes on at its rate', () => {
    const warmed = loadSchedule({ ...options, seconds: 10, warmUpSeconds: 10 }).map(({ dueMs }) => dueMs);
    const dueIn = (from: number, until: number): number => warmed.filter((dueMs) => dueMs >= from * 1000 && dueMs < until * 1000).length;
    expect([dueIn(0, 1), dueIn(0, 5), dueIn(0, 10), dueIn(10, 11), dueIn(10, 20)]).toEqual([2, 50, 200, 40, 400]);
    expect(warmed).toEqual(warmed.toSorted((a, b) => a - b));
  });

  it('is the same for the same seed, and another for another', () => {
    expect(loadSchedule(options)).toEqual(orders);
    expect(loadSchedule({ ...options, seed: 8 })).not.toEqual(orders);
  });

  it('wants more of the scarce sku than there is, and less of everything else', () => {
    const wanted = unitsWanted(orders);
    const received = unitsToReceive(orders, options.goods, homes);
    const sum = (sku: string): number => homes.reduce((total, home) => total + (received.get(home)!.get(sku as never) ?? 0), 0);
    expect(wanted.get(options.goods.scarce)!).toBeGreaterThan(sum(options.goods.scarce));
    for (const sku of options.goods.plenty) expect(sum(sku)).toBeGreaterThan(wanted.get(sku)!);
  });
});
