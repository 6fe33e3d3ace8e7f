import { setTimeout as delay } from 'node:timers/promises';

export interface OrderlyOptions<Item> {
  readonly keyOf: (item: Item) => string;
  /** Items under way at once. */
  readonly concurrencyMax: number;
  /** Starts per second; as fast as it goes when absent. */
  readonly ratePerSecond?: number | undefined;
  /** No item is started after it; those under way are waited for. */
  readonly signal: AbortSignal;
}

/**
 * Runs all items, those of one key one after the other in their order, those of different keys at once: however many wait behind others
 * of their key, later ones of other keys go ahead. Rejects with the first failure of `run`, after what was under way has ended.
 */
export async function runInKeyOrder<Item>(
  items: Iterable<Item>,
  options: OrderlyOptions<Item>,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const { keyOf, concurrencyMax, ratePerSecond, signal } = options;
  const waiting = new Map<string, Item[]>();
  const running = new Set<Promise<void>>();
  const startedMs = performance.now();
  let [waitingCount, startedCount, failure] = [0, 0, undefined as { error: unknown } | undefined];
  const full = (): boolean => running.size >= concurrencyMax;
  const halted = (): boolean => failure !== undefined || signal.aborted;

  const start = (item: Item): void => {
    const key = keyOf(item);
    startedCount += 1;
    const under = run(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        running.delete(under);
        const next = waiting.get(key)?.shift();
        if (next === undefined) waiting.delete(key);
        else {
          waitingCount -= 1;
          if (!halted()) start(next);
        }
      });
    running.add(under);
  };

  for (const item of items) {
    while (full() && !halted()) await Promise.race(running);
    if (ratePerSecond !== undefined && !halted()) await pace(startedMs + ((startedCount + waitingCount) * 1000) / ratePerSecond, signal);
    if (halted()) break;
    const queue = waiting.get(keyOf(item));
    if (queue === undefined) {
      waiting.set(keyOf(item), []);
      start(item);
    } else {
      queue.push(item);
      waitingCount += 1;
    }
  }
  while (running.size > 0) await Promise.race(running);
  if (failure !== undefined) throw failure.error;
}

async function pace(untilMs: number, signal: AbortSignal): Promise<void> {
  const ms = untilMs - performance.now();
  if (ms <= 0) return;
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
