import { expect, it } from 'vitest';
import { allEvents, region, services, type ShardId } from '#contracts';
import { InMemoryBroker, openSettledFeed, type SettledCommit } from '#shard-log';
import { eventually } from '#test-kit';
import { writeShopHistory } from './shop-history.ts';

const regions = [region('east'), region('west')] as const;

it('writes a history that every reader can read to its end, of shards that both regions have owned', async () => {
  const cluster = new InMemoryBroker().connect();
  const [here] = regions;
  const topology = { homes: regions, catalogue: here, partitions: 2, regions };
  const written = await writeShopHistory({ cluster, here, topology, events: 6_000, seed: 7 });
  const settled: SettledCommit[] = [];
  const stopped: string[] = [];
  const owners = new Map<ShardId, Set<string>>();
  const stranded: string[] = [];
  const feed = await openSettledFeed({
    name: 'reader',
    here,
    topology: { regions, partitions: 2 },
    services,
    cluster,
    from: undefined,
    onBatch: async ({ commits }) => void settled.push(...commits),
    onUnreadable: (record, reason) => void stopped.push(`${record.topic}: ${reason}`),
    onShardStopped: (shard, reason) => void stopped.push(`${shard}: ${reason}`),
    onStopped: (error) => void stopped.push(String(error)),
    restMs: () => 0,
    observer: {
      onEvents: (shard, events) => {
        for (const event of events) if (event.type === 'stranded') stranded.push(`${shard}:${event.commit.seq}`);
      },
    },
  });
  const events = () => settled.reduce((sum, { commit }) => sum + allEvents.decode(commit.body).length, 0);
  await eventually(() => stopped.length > 0 || settled.length >= written.events * 0.9, { withinMs: 30_000 });
  await eventually(() => stopped.length > 0 || events() === written.events, { withinMs: 30_000, everyMs: 500 });
  await feed.close();
  expect(stopped).toEqual([]);
  expect(stranded.length).toBeGreaterThan(0);
  for (const { commit, topic } of settled) {
    const known = owners.get(commit.shard) ?? new Set();
    owners.set(commit.shard, known.add(topic));
  }
  expect(owners.size).toBe(services.length * regions.length * 2);
  expect([...owners].filter(([, topics]) => topics.size !== 2)).toEqual([]);
});
