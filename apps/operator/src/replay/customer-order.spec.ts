import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runInKeyOrder, type OrderlyOptions } from './customer-order.ts';

interface Item {
  readonly key: string;
  readonly n: number;
}
const optionsOf = (options: Partial<OrderlyOptions<Item>>): OrderlyOptions<Item> => ({
  keyOf: ({ key }) => key,
  concurrencyMax: 3,
  signal: new AbortController().signal,
  ...options,
});
const itemsOf = (keys: readonly string[]): readonly Item[] => keys.map((key, n) => ({ key, n }));

describe('items of many customers', () => {
  it('all run, each customer in order, one at a time, never more than allowed at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        async (keys, concurrencyMax) => {
          const done: Item[] = [];
          const running = new Set<string>();
          await runInKeyOrder(itemsOf(keys), optionsOf({ concurrencyMax }), async (item) => {
            expect(running.has(item.key)).toBe(false);
            running.add(item.key);
            expect(running.size).toBeLessThanOrEqual(concurrencyMax);
            for (let turns = item.n % 3; turns > 0; turns--) await turn();
            running.delete(item.key);
            done.push(item);
          });
          expect(done).toHaveLength(keys.length);
          for (const key of new Set(keys))
            expect(done.filter((item) => item.key === key).map(({ n }) => n)).toEqual(
              itemsOf(keys)
                .filter((item) => item.key === key)
                .map(({ n }) => n),
            );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('a busy customer holds up nobody else, however much of it waits', async () => {
    const order: number[] = [];
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const slow = Array.from({ length: 20 }, () => 'slow');
    await runInKeyOrder(itemsOf([...slow, 'b', 'c', 'd']), optionsOf({}), async ({ key, n }) => {
      if (key === 'slow' && n === 0) await held;
      order.push(n);
      if (n === 22) letGo();
    });
    expect(order).toEqual([20, 21, 22, ...slow.keys()]);
  });

  it('nothing starts after a failure or an abort, and what was under way is waited for', async () => {
    const started: number[] = [];
    const failing = runInKeyOrder(itemsOf(['a', 'a', 'b', 'c', 'd', 'e', 'f']), optionsOf({}), async ({ n }) => {
      started.push(n);
      await turn();
      if (n === 0) throw new Error('first');
    });
    await expect(failing).rejects.toThrow('first');
    expect(started).toEqual([0, 2, 3]);
    const interrupt = new AbortController();
    let ended = 0;
    await runInKeyOrder(itemsOf(['a', 'b', 'c', 'd', 'e']), optionsOf({ signal: interrupt.signal }), async ({ n }) => {
      if (n === 1) interrupt.abort();
      await turn();
      ended += 1;
    });
    expect(ended).toBe(2);
  });

  it('starts no faster than the rate', async () => {
    const startedMs = performance.now();
    await runInKeyOrder(itemsOf(['a', 'b', 'c', 'd', 'e', 'f']), optionsOf({ ratePerSecond: 100 }), () => Promise.resolve());
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(45);
  });
});
