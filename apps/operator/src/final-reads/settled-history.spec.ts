import { describe, expect, it } from 'vitest';
import { checkAll, historiesAreEqual, oneCommitPerSeq, type RegionReads, type SettledHistory } from '#checkers';
import { commandId, firstLineage, region, shardId, topicIn, topicsOfARegion, type Region } from '#contracts';
import { encodeLineage, encodeReceipts, encodeShardRecord, InMemoryBroker, type Commit, type LogCluster } from '#shard-log';
import { digestOf, settledIn } from './settled-history.ts';

const [east, west] = [region('east'), region('west')];
const regions = [east, west];
const shard = shardId({ service: 'order', home: east, partition: 0 });
const scope = { regions, partitions: 1 };

const commit = (seq: number, body = bodyOf('OrderPlaced')): Commit => ({
  kind: 'commit',
  shard,
  term: 1,
  generation: 1,
  writer: 'w',
  seq,
  cause: commandId(`c${seq}`),
  correlation: 'x',
  traceparent: '',
  streams: ['ord_x'],
  body,
});
const bodyOf = (...types: readonly string[]): string =>
  JSON.stringify({ events: types.map((type) => ({ type, schemaVersion: 1, data: {} })) });

/** A region's cluster with the east's order log, as its own or as a mirror, and the west's receipts of it. */
async function clusterOf(here: Region, commits: readonly Commit[], receiptedTo = commits.length): Promise<LogCluster> {
  const cluster = new InMemoryBroker().connect();
  const own = topicsOfARegion(1).map(({ topic }) => topic);
  const other = here === east ? west : east;
  const mirrors = own.filter((topic) => topic.endsWith('.events') || topic === 'receipts').map((topic) => topicIn(here, other, topic));
  await cluster.createTopics([...own, ...mirrors].map((topic) => ({ topic, partitions: 1, config: {} })));
  const appender = await cluster.appender('test');
  const lineage = firstLineage({ homes: regions, catalogue: east, partitions: 1, regions });
  await appender.append('lineage', 0, [encodeLineage({ revision: 1, lineage })]);
  const fence = encodeShardRecord({ kind: 'fence', shard, term: 1, generation: 1, writer: 'w', base: 0 });
  await appender.append(topicIn(here, east, 'order.events'), 0, [fence, ...commits.map((one) => encodeShardRecord(one))]);
  const receipt = { shard, term: 1, generation: 1, writer: 'w', seq: receiptedTo };
  await appender.append(topicIn(here, west, 'receipts'), 0, [encodeReceipts({ kind: 'receipts', by: west, receipts: [receipt] })]);
  await appender.close();
  return cluster;
}

const seqsOf = (histories: readonly SettledHistory[]): readonly (readonly number[])[] =>
  histories.map(({ commits }) => commits.map(({ seq }) => seq));

describe('the settled history', () => {
  it('is told from the first commit, in either region, and no further than it is settled', async () => {
    for (const here of regions) {
      const cluster = await clusterOf(here, [commit(1), commit(2), commit(3)], 2);
      const [told, ...others] = await settledIn(cluster, { ...scope, here });
      expect(others).toEqual([]);
      expect(told).toMatchObject({ reader: 'late', shard, after: 0, commits: [{ seq: 1, writer: '1/1/w', cause: 'c1' }, { seq: 2 }] });
      expect(told!.commits[0]!.events).toMatch(/^OrderPlaced sha256:/);
      await cluster.close();
    }
  });

  it('is the same for the checkers when the logs are, and another when one commit is', async () => {
    const readsOf = async (here: Region, commits: readonly Commit[]): Promise<RegionReads> => {
      const cluster = await clusterOf(here, commits);
      const settled = { kind: 'read', value: await settledIn(cluster, { ...scope, here }) } as const;
      await cluster.close();
      const none = { kind: 'read', value: [] } as const;
      return {
        region: here,
        settled,
        orders: none,
        pools: none,
        reservations: none,
        payments: none,
        checksums: { kind: 'read', value: new Map() },
      };
    };
    const judge = async (inWest: readonly Commit[]): Promise<readonly number[]> => {
      const reads = [await readsOf(east, [commit(1), commit(2)]), await readsOf(west, inWest)];
      const history = { partitions: 1, operations: [], planted: [], faults: [], endedMs: 0 };
      const evidence = { history, final: { living: regions, regions: reads, ledger: { kind: 'read', value: [] } as const } };
      return checkAll(evidence, [oneCommitPerSeq, historiesAreEqual]).map(({ violations }) => violations.length);
    };
    expect(await judge([commit(1), commit(2)])).toEqual([0, 0]);
    expect(await judge([commit(1), commit(2, bodyOf('OrderCancelled'))])).toEqual([1, 0]);
    expect(await judge([commit(1)])).toEqual([0, 1]);
  });

  it('is not told of a shard that has lost data', async () => {
    const cluster = await clusterOf(east, [commit(1), commit(3)]);
    await expect(settledIn(cluster, { ...scope, here: east })).rejects.toThrow(`${shard} stands still`);
    await cluster.close();
  });

  it('is not told while a mirror does not exist', async () => {
    const cluster = new InMemoryBroker().connect();
    await cluster.createTopics(topicsOfARegion(1).map(({ topic }) => ({ topic, partitions: 1, config: {} })));
    await expect(settledIn(cluster, { ...scope, here: east })).rejects.toThrow('east has no west.order.events');
    await cluster.close();
  });

  it('has commits that nobody understands too, by their digest', () => {
    expect(digestOf('no json')).toMatch(/^unreadable sha256:/);
    expect(digestOf('{}')).toMatch(/^unreadable sha256:/);
    expect(digestOf(bodyOf('A', 'B'))).toMatch(/^A\+B sha256:/);
    expect(digestOf(bodyOf('A'))).not.toBe(digestOf(bodyOf('A').replace('1', '2')));
  });
});

it('settled commits are in order of seq', async () => {
  const cluster = await clusterOf(
    west,
    [1, 2, 3, 4, 5].map((seq) => commit(seq)),
  );
  expect(seqsOf(await settledIn(cluster, { ...scope, here: west }))).toEqual([[1, 2, 3, 4, 5]]);
  await cluster.close();
});
