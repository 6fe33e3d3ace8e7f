import { expect, it } from 'vitest';
import { region, type ShardId } from '#contracts';
import { metricNames, metrics } from '#telemetry';
import { observeShards, type ObservedShard } from './observe-shards.ts';

const [east, west] = [region('east'), region('west')];
const shown = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await metrics.render())
      .split('\n')
      .filter((line) => line.includes('service="order"'))
      .map((line) => line.split(' '))
      .map(([name, value]) => [name!.split('{')[0]!, Number(value)]),
  );

const shard = (of: { owner: typeof east; assigned?: boolean; waits?: number; sinceMs?: number; stopped?: string }): ObservedShard => ({
  reading: { lastSegment: { owner: of.owner } as never, stopped: of.stopped },
  writer: { isOpen: of.assigned === true, isAssigned: of.assigned === true },
  unsettled: { count: of.waits ?? 0, oldestSinceMs: of.sinceMs },
});

it('shows what this process would lose with its region: of the shards that were given to it, and that its region owns', async () => {
  const shards = new Map<ShardId, ObservedShard>([
    ['order.east.0', shard({ owner: east, assigned: true, waits: 2, sinceMs: 7_000 })],
    ['order.east.1', shard({ owner: east, assigned: true, waits: 1, sinceMs: 6_500 })],
    ['order.west.0', shard({ owner: west, assigned: true, waits: 8, sinceMs: 1_000 })],
    ['order.west.1', shard({ owner: east, waits: 16, sinceMs: 2_000, stopped: 'a gap' })],
  ]);
  const end = observeShards('order', east, shards, () => 10_000);
  expect(await shown()).toMatchObject({
    [metricNames.unsettledCommits]: 3,
    [metricNames.oldestUnsettledAge]: 3.5,
    [metricNames.shardsOpen]: 3,
    [metricNames.shardsStopped]: 1,
  });
  shards.clear();
  expect(await shown()).toMatchObject({ [metricNames.unsettledCommits]: 0, [metricNames.oldestUnsettledAge]: 0 });
  end();
  expect(await shown()).toEqual({});
});
