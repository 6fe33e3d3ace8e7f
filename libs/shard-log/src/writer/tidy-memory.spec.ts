import { describe, expect, it, vi } from 'vitest';
import type { LoadedStreams } from '../snapshots.port.ts';
import { StreamCache } from './stream-cache.ts';
import { repeatedly, tidyMemory, unstoredMax } from './tidy-memory.ts';

const adder = {
  streamsChangedBy: (to: string) => [to],
  initialState: () => 0,
  evolve: (_: string, state: number) => state + 1,
};
const stored = (persistedSeq: number): LoadedStreams => ({ persistedSeq, streams: [], blocked: [] });

function shardAt(seq: number, isOpen: boolean, streamOf: (seq: number) => string) {
  const cache = new StreamCache<string, number>(adder, 1);
  for (let n = 2; n <= seq; n += 1) cache.apply(n, [streamOf(n)], () => [streamOf(n)]);
  return { reading: { settledSeq: 0, cursor: { seq } }, cache, writer: { isOpen } };
}

describe('memory, when the store does not move on', () => {
  const away = { load: () => Promise.reject(new Error('PostgreSQL is away')) };

  it('is bounded for a shard that is only followed, however busy one stream is; it is opened when the store has come so far', async () => {
    const shard = shardAt(unstoredMax.followed + 100, false, () => 'pool');
    const small = shardAt(100, false, () => 'pool');
    const unanswered = vi.fn();
    await tidyMemory(
      new Map([
        ['order.east.0', shard],
        ['order.east.1', small],
      ]),
      away,
      unanswered,
    );
    expect([shard.cache.weight, small.cache.weight]).toEqual([0, 100]);
    expect(unanswered).toHaveBeenCalledOnce();
    expect(shard.cache.fill(['pool'], stored(unstoredMax.followed + 99))).toBe(false);
    expect(shard.cache.fill(['pool'], stored(unstoredMax.followed + 100))).toBe(true);
  });

  it('is bounded for a shard that is written here, which keeps what it touched last', async () => {
    const last = unstoredMax.written + 100;
    const shard = shardAt(last, true, (seq) => `order-${seq}`);
    await tidyMemory(new Map([['order.east.0', shard]]), { load: async () => stored(1) }, vi.fn());
    expect(shard.cache.weight).toBeLessThanOrEqual(unstoredMax.written);
    expect(shard.cache.seqOf(`order-${last}`)).toBe(last);
    expect(shard.cache.fill(['order-2'], stored(2))).toBe(false);
  });
});

it('what is repeated never runs twice at once, and stopping waits for it', async () => {
  vi.useFakeTimers();
  try {
    let [runs, end] = [0, (): void => undefined];
    const stop = repeatedly(10, () => {
      runs += 1;
      return new Promise<void>((resolve) => (end = resolve));
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(runs).toBe(1);
    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(100);
    expect(stopped).toBe(false);
    end();
    await stopping;
    await vi.advanceTimersByTimeAsync(100);
    expect(runs).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});
