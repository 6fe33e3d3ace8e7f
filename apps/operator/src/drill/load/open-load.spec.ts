import { describe, expect, it } from 'vitest';
import { region } from '#contracts';
import { drillGoods } from './stock-the-drill.ts';
import { loadSchedule } from './load-schedule.ts';
import { runOpenLoad, type PlaceOrder } from './open-load.ts';

const orders = loadSchedule({
  name: 'open',
  topology: { homes: [region('east'), region('west')] },
  ordersPerSecond: 500,
  seconds: 0.1,
  warmUpSeconds: 0,
  clientsPerHome: 1,
  goods: drillGoods('open'),
  seed: 1,
});
const clock = (): (() => number) => {
  const startedMs = performance.now();
  return () => performance.now() - startedMs;
};
const run = (place: PlaceOrder, underWayMax = 1_000, signal = new AbortController().signal, nowMs = clock()) =>
  runOpenLoad({ orders, place, nowMs, underWayMax, signal });
const acknowledged = { outcome: { kind: 'acknowledged', durability: 'global' }, calls: 1 } as const;

describe('an open load', () => {
  it('starts what is due although nothing is answered, and counts the waiting from when it was due', async () => {
    const stalled = Promise.withResolvers<typeof acknowledged>();
    let started = 0;
    const recorded = await run(() => {
      started += 1;
      if (started === orders.length) stalled.resolve(acknowledged); // the server comes back when everything is due
      return stalled.promise;
    });
    expect(recorded.map(({ number }) => number)).toEqual(orders.map(({ number }) => number));
    const [first, last] = [recorded[0]!, recorded.at(-1)!];
    expect(first.endMs - first.dueMs).toBeGreaterThanOrEqual(last.dueMs - first.dueMs - 1);
  });

  it('records what it could not start as unknown, not as refused and not at all', async () => {
    let open = 0;
    const gate = Promise.withResolvers<typeof acknowledged>();
    const place: PlaceOrder = () => {
      open += 1;
      return gate.promise;
    };
    const running = run(place, 10, undefined, () => 1_000); // all is due: every order has been looked at before anything is answered
    gate.resolve(acknowledged);
    const recorded = await running;
    expect(open).toBe(10);
    expect(recorded).toHaveLength(orders.length);
    expect(recorded.filter(({ outcome }) => outcome.kind === 'unknown')).toHaveLength(orders.length - 10);
  });

  it('starts nothing more when it is stopped, and waits for what is under way', async () => {
    const stop = new AbortController();
    const recorded = await run(
      (order) => {
        if (order.number === 5) stop.abort();
        return Promise.resolve(acknowledged);
      },
      1_000,
      stop.signal,
    );
    expect(recorded.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
