import { describe, expect, it } from 'vitest';
import { commit, east, feeder, fence, receipt, receipts, segment, shard, west } from '../core/reading.fixture.ts';
import type { ReadingEvent } from '../core/reading-events.ts';
import { ShardReading } from '../core/shard-reading.ts';
import { followReading } from './follow-reading.ts';
import { StreamCache } from './stream-cache.ts';

/** A stream is the list of the commits that changed it, as `term:seq`. */
const commits = {
  streamsChangedBy: () => ['order-1'],
  initialState: (): readonly string[] => [],
  evolve: (_: string, seen: readonly string[], event: string) => [...seen, event],
};

function followed() {
  const reading = new ShardReading(shard);
  const cache = new StreamCache<string, readonly string[]>(commits, 0);
  const follow = (events: readonly ReadingEvent[]): void =>
    followReading<string>(
      {
        cache,
        writer: {
          onAccepted: ({ seq, streams }, decode) => cache.apply(seq, streams, decode),
          onFence: () => undefined,
          onChange: () => undefined,
        },
      },
      events,
      ({ term, seq }) => [`${term}:${seq}`],
    );
  /** As a writer would, from a store that is complete up to `persistedSeq`; undefined when it must wait for a newer one. */
  const stateFrom = (persistedSeq: number, stored: readonly string[]): readonly string[] | undefined => {
    const missing = cache.missing(['order-1']);
    const streams = [{ streamId: 'order-1', seq: persistedSeq, state: stored }];
    if (missing.length > 0 && !cache.fill(missing, { persistedSeq, streams, blocked: [] })) return undefined;
    return cache.stateOf('order-1');
  };
  return { reading, follow, feed: feeder(reading), stateFrom };
}

describe('stranded commits', () => {
  it('of an older term, which come late, take nothing back: what is accepted and not settled is still decided on', () => {
    const { reading, follow, feed, stateFrom } = followed();
    follow(reading.learn([segment(1, east, 0), segment(2, west, 0, 'solo'), segment(4, east, 1)]));
    follow(feed(west, fence(2, 1, 0), commit(2, 1, 1)));
    follow(feed(east, fence(4, 1, 1), commit(4, 1, 2)));
    expect(reading.settledSeq).toBe(1);
    follow(feed(west, commit(2, 1, 2)));
    expect(stateFrom(1, ['2:1'])).toEqual(['2:1', '4:2']);
  });

  it('that were folded are forgotten, and only a state that holds all up to the base beneath them is decided on', () => {
    const { reading, follow, feed, stateFrom } = followed();
    follow(reading.learn([segment(1, east, 0)]));
    follow(feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2)));
    expect(stateFrom(0, [])).toEqual(['1:1', '1:2']);
    follow(reading.receipts(west, receipts(west, receipt(1, 1, 1))));
    follow(feed(west, fence(2, 1, 1), commit(2, 1, 2)));
    follow(reading.learn([segment(1, east, 0), segment(2, west, 1)]));
    expect(reading.cursor.seq).toBe(2);
    expect(stateFrom(0, [])).toBeUndefined();
    expect(stateFrom(1, ['1:1'])).toEqual(['1:1', '2:2']);
  });
});

it('streams that no stranded commit changed stay in memory, decided on at once', () => {
  const cache = new StreamCache<string, readonly string[]>({ ...commits, streamsChangedBy: (event) => [event] }, 3);
  const load = (persistedSeq: number, ...ids: readonly string[]): boolean => cache.fill(ids, { persistedSeq, streams: [], blocked: [] });
  expect(load(3, 'a', 'b')).toBe(true);
  cache.apply(4, ['a'], () => ['a']);
  cache.apply(5, ['b'], () => ['b']);
  cache.apply(6, ['c'], () => ['c']);
  cache.takeBack(4, ['b', 'c']);
  expect(cache.missing(['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd']);
  expect(cache.stateOf('a')).toEqual(['a']);
  expect([load(3, 'd'), load(3, 'b'), load(3, 'c')]).toEqual([true, false, false]);
  cache.apply(5, ['b'], () => ['b']);
  expect(load(4, 'b', 'c')).toBe(true);
  expect([cache.stateOf('b'), cache.seqOf('b'), cache.stateOf('c')]).toEqual([['b'], 5, []]);
});
