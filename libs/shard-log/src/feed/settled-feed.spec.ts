import { describe, expect, it, onTestFinished } from 'vitest';
import type { Segment, ShardId } from '#contracts';
import { encodeLineage, encodeReceipts, encodeShardRecord } from '../core/record-codec.ts';
import { close, commit, east, fence, receipt, receipts, segment, shard, west } from '../core/reading.fixture.ts';
import type { ShardRecord } from '../core/records.ts';
import type { FeedCheckpoint, SettledBatch } from '../settled-feed.port.ts';
import { FakeCluster } from './fake-cluster.fixture.ts';
import { openSettledFeed, type OpenSettledFeed, type SettledFeedOptions } from './settled-feed.ts';

const neighbour: ShardId = 'order.west.0';
const of = (id: ShardId, record: ShardRecord): ShardRecord => ({ ...record, shard: id });

const lineage = (revision: number, shards: Readonly<Record<ShardId, readonly Segment[]>>) =>
  encodeLineage({
    revision,
    lineage: {
      term: 100,
      status: { status: 'paired' },
      shards: Object.fromEntries(Object.entries(shards).map(([id, list]) => [id, [...list]])),
    },
  });

interface Open {
  readonly feed: OpenSettledFeed;
  readonly batches: SettledBatch[];
  readonly told: string[];
  /** `shard/seq` of every settled commit so far. */
  settled(): readonly string[];
  last(): FeedCheckpoint;
}

async function open(cluster: FakeCluster, from?: FeedCheckpoint, more: Partial<SettledFeedOptions> = {}): Promise<Open> {
  const batches: SettledBatch[] = [];
  const told: string[] = [];
  const feed = await openSettledFeed({
    name: 'test',
    here: west,
    topology: { regions: [east, west], partitions: 1 },
    services: ['order'],
    cluster: cluster.port,
    from: from === undefined ? undefined : (JSON.parse(JSON.stringify(from)) as FeedCheckpoint),
    onBatch: (batch) => {
      batches.push(batch);
      return Promise.resolve();
    },
    onUnreadable: (record, reason) => void told.push(`unreadable ${record.topic}@${record.offset}: ${reason}`),
    onShardStopped: (id, reason) => told.push(`stopped ${id}: ${reason}`),
    onStopped: (error) => told.push(`feed stopped: ${error.message}`),
    ...more,
  });
  onTestFinished(() => feed.close());
  return {
    feed,
    batches,
    told,
    settled: () => batches.flatMap(({ commits }) => commits.map((one) => `${one.commit.shard}/${one.commit.seq}`)),
    last: () => batches.at(-1)!.checkpoint,
  };
}

/** West’s cluster: east’s log stands there as a mirror. */
const eastMirror = 'east.order.events';
const both = { [shard]: [segment(1, east, 0)], [neighbour]: [segment(1, east, 0, 'solo')] };

describe('settled batches', () => {
  it('one batch of the reader gives one batch, with where each commit stands and what moved', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, both));
    cluster.append(eastMirror, 0, ...[fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2), commit(1, 1, 3)].map(encodeShardRecord));
    const reader = await open(cluster);
    await cluster.deliver();
    expect(reader.settled()).toEqual([]);
    cluster.append('receipts', 0, encodeReceipts(receipts(west, receipt(1, 1, 2))));
    await cluster.deliver();
    expect(reader.batches).toHaveLength(1);
    expect(reader.batches[0]).toMatchObject({
      commits: [
        { commit: { seq: 1 }, durability: 'global', topic: eastMirror, partition: 0, offset: 1 },
        { commit: { seq: 2 }, durability: 'global', topic: eastMirror, partition: 0, offset: 2 },
      ],
      moved: { [shard]: 2 },
      checkpoint: { offsets: { [`${eastMirror}:0`]: 3, 'receipts:0': 1, 'lineage:0': 1 } },
    });
    expect(reader.feed.nextOffset(eastMirror, 0)).toBe(4);
  });

  it('a batch says when the oldest of the records that brought it was appended, whatever was read before them', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, both));
    const reader = await open(cluster);
    cluster.nowMs = 1_000;
    cluster.append('receipts', 0, encodeReceipts(receipts(west, receipt(1, 0, 0)))); // a quiet shard's
    await cluster.deliver();
    cluster.nowMs = 60_000;
    cluster.append(eastMirror, 0, ...[of(neighbour, fence(1, 1, 0)), of(neighbour, commit(1, 1, 1))].map(encodeShardRecord));
    cluster.nowMs = 60_100;
    cluster.append(eastMirror, 0, encodeShardRecord(of(neighbour, commit(1, 1, 2))));
    await cluster.deliver();
    expect(reader.batches.map(({ commits, oldestMs }) => [commits.length, oldestMs])).toEqual([[2, 60_000]]);
  });

  it('a checkpoint stands at the lowest offset that any shard of the partition needs, and the neighbour is not yielded twice', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, both));
    const records = [fence(1, 1, 0), commit(1, 1, 1), of(neighbour, fence(1, 1, 0)), of(neighbour, commit(1, 1, 1))];
    cluster.append(eastMirror, 0, ...records.map(encodeShardRecord));
    const first = await open(cluster);
    await cluster.deliver();
    expect(first.settled()).toEqual([`${neighbour}/1`]);
    expect(first.last().offsets[`${eastMirror}:0`]).toBe(1);

    const second = await open(cluster, first.last());
    cluster.append('receipts', 0, encodeReceipts(receipts(west, receipt(1, 1, 1))));
    await cluster.deliver();
    expect(second.settled()).toEqual([`${shard}/1`]);
  });

  it('only a newer revision of the lineage counts', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(7, both), lineage(6, { [shard]: [segment(1, west, 0, 'solo')] }));
    cluster.append(eastMirror, 0, ...[fence(1, 1, 0), commit(1, 1, 1)].map(encodeShardRecord));
    cluster.append('receipts', 0, encodeReceipts(receipts(west, receipt(1, 1, 1))));
    const reader = await open(cluster);
    await cluster.deliver();
    expect(reader.settled()).toEqual([`${shard}/1`]);
    expect(reader.told).toEqual([]);
  });

  it('a batch that its receiver cannot take stops the feed, and a new one goes on from the last that it took', async () => {
    const cluster = new FakeCluster(2);
    cluster.append('lineage', 0, lineage(1, both));
    cluster.append(
      eastMirror,
      0,
      ...[fence(1, 1, 0), commit(1, 1, 1), commit(1, 1, 2)].map((one) => encodeShardRecord(of(neighbour, one))),
    );
    const taken: SettledBatch[] = [];
    const failing = await open(cluster, undefined, {
      onBatch: (batch) => (taken.push(batch) === 1 ? Promise.resolve() : Promise.reject(new Error('no database'))),
    });
    await cluster.deliver();
    expect(failing.told).toEqual(['feed stopped: no database']);
    const next = await open(cluster, taken[0]!.checkpoint);
    await cluster.deliver();
    expect(next.settled()).toEqual([`${neighbour}/2`]);
  });
});

describe('what a feed tells its owner', () => {
  it('an unreadable record blocks nothing', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, both));
    cluster.append(eastMirror, 0, { key: null, headers: {}, value: 'rumour' });
    cluster.append(eastMirror, 0, encodeShardRecord({ ...fence(1, 1, 0), shard: 'order.north.0' }));
    cluster.append(eastMirror, 0, ...[fence(1, 1, 0), commit(1, 1, 1)].map((one) => encodeShardRecord(of(neighbour, one))));
    const reader = await open(cluster);
    await cluster.deliver();
    expect(reader.told).toEqual([expect.stringContaining('names no kind'), expect.stringContaining('none of this topology')]);
    expect(reader.settled()).toEqual([`${neighbour}/1`]);
  });

  it('an unreadable record is followed by a checkpoint beyond it, though nothing was settled: whoever notes it can do so at once', async () => {
    const cluster = new FakeCluster();
    cluster.append(eastMirror, 0, { key: null, headers: {}, value: 'rumour' });
    const reader = await open(cluster);
    await cluster.deliver();
    expect(reader.settled()).toEqual([]);
    expect(reader.last().offsets[`${eastMirror}:0`]).toBe(1);
  });

  it('a stopped shard does not stop its neighbour, and is still stopped after a restart', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, both));
    const records = [fence(1, 1, 0), commit(1, 1, 2), of(neighbour, fence(1, 1, 0)), of(neighbour, commit(1, 1, 1))];
    cluster.append(eastMirror, 0, ...records.map(encodeShardRecord));
    const first = await open(cluster);
    await cluster.deliver();
    expect(first.told).toEqual([expect.stringContaining(`stopped ${shard}: gap`)]);
    expect([...first.feed.stoppedShards().keys()]).toEqual([shard]);
    expect(first.settled()).toEqual([`${neighbour}/1`]);
    expect(first.last().offsets[`${eastMirror}:0`]).toBe(1);

    const second = await open(cluster, first.last());
    await cluster.deliver();
    expect(second.told).toEqual([expect.stringContaining(`stopped ${shard}: gap`)]);
    expect(second.settled()).toEqual([]);
  });

  it('an observer sees every shard first, then all events, receipts and lineages', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, both));
    cluster.append(eastMirror, 0, ...[fence(1, 1, 0), commit(1, 1, 1)].map(encodeShardRecord));
    cluster.append('receipts', 0, encodeReceipts(receipts(west, receipt(1, 1, 1))));
    const seen: string[] = [];
    const reader = await open(cluster, undefined, {
      observer: {
        onReading: (id) => seen.push(id),
        onEvents: (id, events) => seen.push(...events.map(({ type }) => `${id} ${type}`)),
        onReceipt: ({ seq }, by) => seen.push(`receipt ${seq} by ${by}`),
        onLineage: ({ term }) => seen.push(`lineage ${term}`),
      },
    });
    expect(seen).toEqual([shard, neighbour]);
    await cluster.deliver();
    expect(new Set(seen.slice(2))).toEqual(
      new Set(['lineage 100', `${shard} fence`, `${shard} accepted`, `${shard} settled`, 'receipt 1 by west']),
    );
    expect(reader.settled()).toEqual([`${shard}/1`]);
  });
});

describe('a mirror that was created anew is read from 0, and nothing is yielded twice', () => {
  const log = [fence(1, 1, 0), commit(1, 1, 1), close(1)].map((one) => encodeShardRecord(of(neighbour, one)));
  const afterwards = [fence(2, 1, 1), commit(2, 1, 2)].map((one) => encodeShardRecord(of(neighbour, one)));
  const segments = { [neighbour]: [segment(1, east, 0, 'solo'), segment(2, east, 1, 'solo')] };

  it('between two starts', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, segments));
    cluster.append(eastMirror, 0, ...log);
    const first = await open(cluster);
    await cluster.deliver();
    await first.feed.close();
    cluster.recreate(eastMirror);
    cluster.append(eastMirror, 0, ...log, ...afterwards);
    const second = await open(cluster, first.last());
    await cluster.deliver();
    expect([...first.settled(), ...second.settled()]).toEqual([`${neighbour}/1`, `${neighbour}/2`]);
    expect(second.told).toEqual([]);
  });

  it('while it is read', async () => {
    const cluster = new FakeCluster();
    cluster.append('lineage', 0, lineage(1, segments));
    cluster.append(eastMirror, 0, ...log);
    const reader = await open(cluster, undefined, { topicCheckMs: 1 });
    await cluster.deliver();
    cluster.recreate(eastMirror);
    cluster.append(eastMirror, 0, ...log, ...afterwards);
    await expect.poll(async () => (await cluster.deliver(), reader.settled())).toEqual([`${neighbour}/1`, `${neighbour}/2`]);
    expect(reader.told).toEqual([]);
  });

  it.each(['between two starts', 'while it is read'])(
    'also when the old one had a hole, behind which a close was read too early: %s',
    async (when) => {
      const [start, lost, end] = [[fence(1, 1, 0), commit(1, 1, 1)], [commit(1, 1, 2)], [close(1), fence(2, 1, 2), commit(2, 1, 3)]].map(
        (part) => part.map((one) => encodeShardRecord(of(neighbour, one))),
      );
      const cluster = new FakeCluster();
      cluster.append('lineage', 0, lineage(1, { [neighbour]: [segment(1, east, 0, 'solo'), segment(2, east, 2, 'solo')] }));
      cluster.append(eastMirror, 0, ...start!, ...end!);
      const first = await open(cluster, undefined, { topicCheckMs: when === 'while it is read' ? 1 : 60_000 });
      await cluster.deliver();
      expect(first.told).toEqual([`stopped ${neighbour}: data loss: term 1 is closed at 1, its history goes on to 2`]);
      if (when === 'between two starts') await first.feed.close();
      cluster.recreate(eastMirror);
      cluster.append(eastMirror, 0, ...start!, ...lost!, ...end!);
      const reader = when === 'between two starts' ? await open(cluster, first.last()) : first;
      const settled = () => [...new Set([first, reader])].flatMap((each) => each.settled());
      await expect.poll(async () => (await cluster.deliver(), settled())).toEqual([1, 2, 3].map((seq) => `${neighbour}/${seq}`));
      expect(reader.feed.stoppedShards()).toEqual(new Map());
    },
  );
});
