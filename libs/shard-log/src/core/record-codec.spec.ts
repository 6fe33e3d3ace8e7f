import { describe, expect, it } from 'vitest';
import { firstLineage, type ShardId } from '#contracts';
import type { NewRecord, StoredRecord } from '../cluster.port.ts';
import { close, commit, cut, east, fence, receipt, receipts, west } from './reading.fixture.ts';
import { decodeLineage, decodeReceipts, decodeShardRecord, encodeLineage, encodeReceipts, encodeShardRecord } from './record-codec.ts';

const stored = (record: NewRecord, topic = 'order.events', partition = 0): StoredRecord => ({
  ...record,
  topic,
  partition,
  offset: 7,
  timestampMs: 0,
});
const changed = (record: NewRecord, headers: Readonly<Record<string, string>>): StoredRecord =>
  stored({ ...record, headers: { ...record.headers, ...headers } });

describe('what is written is read back', () => {
  it.each([commit(3, 2, 11), fence(3, 2, 10), close(3)])('$kind', (record) => {
    expect(decodeShardRecord(stored(encodeShardRecord(record)))).toEqual({ readable: true, value: record });
    expect(decodeShardRecord(stored(encodeShardRecord(record), 'east.order.events'))).toEqual({ readable: true, value: record });
  });
  it('a commit’s key is its first stream, its value its body', () => {
    expect(encodeShardRecord({ ...commit(1, 1, 1), streams: ['a', 'b'] })).toMatchObject({ key: 'a', value: commit(1, 1, 1).body });
  });
  it.each([receipts(west, receipt(1, 1, 4), receipt(2, 0, 4)), cut(west, 5)])('$kind', (record) => {
    expect(decodeReceipts(stored(encodeReceipts(record), 'west.receipts'))).toEqual({ readable: true, value: record });
    expect(decodeReceipts(stored(encodeReceipts(record), 'receipts'))).toEqual({ readable: true, value: record });
  });
  it('a lineage', () => {
    const record = { revision: 9, lineage: firstLineage({ homes: [east, west], catalogue: east, regions: [east, west], partitions: 2 }) };
    expect(decodeLineage(stored(encodeLineage(record), 'lineage'))).toEqual({ readable: true, value: record });
  });
});

describe('what was read before', () => {
  it('is judged anew for each topic: a text that was readable in one mirror is not so in another', () => {
    const record = encodeReceipts(receipts(west, receipt(1, 1, 4)));
    expect(decodeReceipts(stored(record, 'west.receipts')).readable).toBe(true);
    expect(decodeReceipts(stored(record, 'east.receipts'))).toEqual({ readable: false, reason: expect.stringContaining('by west') });
    expect(decodeReceipts(stored(record, 'west.receipts')).readable).toBe(true);
  });

  it('is read right also after more texts than are remembered', () => {
    const records = Array.from({ length: 300 }, (_, seq) => receipts(west, receipt(1, 1, seq)));
    for (const _ of ['first', 'again'])
      for (const record of records)
        expect(decodeReceipts(stored(encodeReceipts(record), 'west.receipts'))).toEqual({ readable: true, value: record });
  });
});

describe('what cannot be read says why, and never throws', () => {
  const good = encodeShardRecord(commit(3, 2, 11));
  it.each<[string, StoredRecord, RegExp]>([
    ['no headers at all', stored({ key: null, headers: {}, value: null }), /names no kind/],
    ['an unknown kind', changed(good, { 'evenkeel-kind': 'rumour' }), /names no kind/],
    ['a term that is no number', changed(good, { 'evenkeel-term': '3x' }), /evenkeel-term/],
    ['a term of 0', changed(good, { 'evenkeel-term': '0' }), /evenkeel-term/],
    ['a fractional seq', changed(good, { 'evenkeel-seq': '1.5' }), /evenkeel-seq/],
    ['a seq with a leading zero', changed(good, { 'evenkeel-seq': '011' }), /evenkeel-seq/],
    ['a seq too large to be exact', changed(good, { 'evenkeel-seq': '9007199254740993' }), /evenkeel-seq/],
    ['no writer', changed(good, { 'evenkeel-writer': '' }), /evenkeel-writer/],
    ['streams that are no JSON', changed(good, { 'evenkeel-streams': 'order-1' }), /evenkeel-streams/],
    ['no stream', changed(good, { 'evenkeel-streams': '[]' }), /evenkeel-streams/],
    ['no body', stored({ ...good, value: null }), /body/],
    ['no shard id', changed(good, { 'evenkeel-shard': 'order' }), /evenkeel-shard/],
    ['a shard of another service', changed(good, { 'evenkeel-shard': 'payment.east.0' satisfies ShardId }), /topic/],
    ['a shard of another partition', changed(good, { 'evenkeel-shard': 'order.east.1' satisfies ShardId }), /partition/],
    ['another service’s topic', stored(good, 'west.payment.events'), /topic/],
  ])('%s', (_, record, reason) => {
    expect(decodeShardRecord(record)).toEqual({ readable: false, reason: expect.stringMatching(reason) });
  });

  it.each<[string, string | null, string]>([
    ['no value', null, 'receipts'],
    ['no JSON', '{', 'receipts'],
    ['another shape', '{"kind":"receipts","by":"west"}', 'receipts'],
    ['a negative seq', JSON.stringify(receipts(west, { ...receipt(1, 1, 1), seq: -1 })), 'receipts'],
    ['receipts by another region than the mirror’s', JSON.stringify(cut(east, 2)), 'west.receipts'],
  ])('receipts: %s', (_, value, topic) => {
    expect(decodeReceipts(stored({ key: null, headers: {}, value }, topic))).toMatchObject({ readable: false });
  });
});
