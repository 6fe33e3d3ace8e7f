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
        reading,
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

  it('that were folded are forgotten, and only a state that holds all that was accepted since is decided on', () => {
    const { reading, follow, feed, stateFrom } = followed();
    follow(reading.learn([segment(1, east, 0)]));
    follow(feed(east, fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2)));
    follow(reading.receipts(west, receipts(west, receipt(1, 1, 1))));
    follow(feed(west, fence(2, 1, 1), commit(2, 1, 2)));
    follow(reading.learn([segment(1, east, 0), segment(2, west, 1)]));
    expect(reading.cursor.seq).toBe(2);
    expect(stateFrom(1, ['1:1'])).toBeUndefined();
    expect(stateFrom(2, ['1:1', '2:2'])).toEqual(['1:1', '2:2']);
  });
});
