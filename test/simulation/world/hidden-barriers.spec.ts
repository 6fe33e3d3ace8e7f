import { describe, expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import { encodeShardRecord, type ShardRecord, type StoredRecord } from '#shard-log';
import { HiddenBarriers } from './hidden-barriers.ts';

const shard: ShardId = 'order.east.0';
const writer = 'w';
const stored = (record: ShardRecord): StoredRecord => ({
  topic: 'order.events',
  partition: 0,
  offset: 0,
  timestampMs: 0,
  ...encodeShardRecord(record),
});
const commit = (term: number, generation: number, of = shard): StoredRecord =>
  stored({
    kind: 'commit',
    shard: of,
    term,
    generation,
    writer,
    seq: 1,
    cause: 'place_a' as never,
    correlation: 'c',
    traceparent: '',
    streams: ['s'],
    body: '{"events":[]}',
  });
const fence = (term: number, generation: number): StoredRecord => stored({ kind: 'fence', shard, term, generation, writer, base: 0 });
const close = (term: number): StoredRecord => stored({ kind: 'close', shard, term });

describe('behind a hole', () => {
  const after = (...records: readonly StoredRecord[]): HiddenBarriers => {
    const hidden = new HiddenBarriers();
    for (const record of records) hidden.hide(record);
    return hidden;
  };

  it('a hidden fence refuses what has a lower generation of its term, and nothing else', () => {
    const hidden = after(fence(2, 3));
    expect(hidden.refuse(commit(2, 2))).toBe(true);
    expect(hidden.refuse(fence(2, 2))).toBe(true);
    for (const record of [commit(2, 3), commit(3, 1), commit(1, 1), commit(2, 2, 'order.west.0'), close(2)])
      expect(hidden.refuse(record)).toBe(false);
  });

  it('a hidden close refuses whatever comes of its term', () => {
    const hidden = after(close(2));
    expect(hidden.refuse(commit(2, 9))).toBe(true);
    expect(hidden.refuse(commit(3, 1))).toBe(false);
  });

  it('hidden commits refuse nothing, and a mirror made anew hides nothing', () => {
    expect(after(commit(2, 2)).isEmpty).toBe(true);
    const hidden = after(close(2));
    hidden.clear();
    expect(hidden.refuse(commit(2, 9))).toBe(false);
  });
});
