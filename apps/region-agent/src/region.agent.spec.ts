import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { commandId, firstLineage, lineageRecordSchema, region, type ShardId } from '#contracts';
import { HealthRegistry, Lifecycle } from '#service-kit';
import { InMemoryAgentRegistry, InMemoryLineageStore, regionTimingSchema } from '#regions';
import { decodeReceipts, encodeReceipts, encodeShardRecord, type Receipt, type ShardRecord } from '#shard-log';
import { metricNames, metrics } from '#telemetry';
import { silentTopology } from '#test-kit';
import { MemoryCheckpoints } from './testing/memory.checkpoints.ts';
import type { CheckpointStore } from './receipts/checkpoint.store.ts';
import { RegionAgent } from './region.agent.ts';
import { ScriptedCluster } from './testing/scripted.cluster.ts';

const [east, west] = [region('east'), region('west')];
const partitions = 2;
const shard: ShardId = 'order.east.0';
const topology = silentTopology({ regions: [east, west], partitions });
const first = firstLineage({ ...topology, regions: [east, west] });
const log = pino({ level: 'silent' });
const waits = { timeout: 5_000, interval: 5 };

const running: Lifecycle[] = [];
afterEach(async () => {
  for (const lifecycle of running.splice(0)) await lifecycle.stop();
});

type World = Partial<{ cluster: ScriptedCluster; store: InMemoryLineageStore; checkpoints: CheckpointStore; repeatEveryMs: number }>;

/** West's agent over a cluster that holds the mirrors of east. */
async function startAgent(world: World = {}) {
  const cluster = world.cluster ?? new ScriptedCluster();
  if (world.cluster === undefined)
    for (const service of ['order', 'inventory', 'payment']) cluster.create(`east.${service}.events`, partitions);
  cluster.create('east.receipts', 1);
  const store = world.store ?? new InMemoryLineageStore();
  const checkpoints = world.checkpoints ?? new MemoryCheckpoints();
  const registry = new InMemoryAgentRegistry(store);
  // East's agent is alive, so nothing is to be taken over.
  const ofEast = await registry.openSession({ region: east, instance: 1, ttlSeconds: 3_600 });
  await ofEast.signal({ region: east, instance: 1, leading: true, lineageRevision: 0, caughtUp: true, strandedOffered: true });
  const agent = new RegionAgent({
    here: west,
    instance: 1,
    topology,
    cluster: cluster.port(),
    lineageStore: store,
    registry,
    checkpoints,
    events: { record: () => undefined },
    log,
    timing: regionTimingSchema.parse({ receiptsRepeatMs: world.repeatEveryMs ?? 60_000 }),
    probeEveryMs: 20,
    checkpointEveryMs: 20,
    idleMs: 20,
  });
  const lifecycle = new Lifecycle({ stopTimeoutMs: 5_000, log });
  running.push(lifecycle);
  const health = new HealthRegistry();
  await agent.start(lifecycle, health);
  health.started();
  return { agent, cluster, store, checkpoints: checkpoints as MemoryCheckpoints, lifecycle, health };
}

async function agentInWest(world: World = {}) {
  const started = await startAgent(world);
  await vi.waitFor(() => expect(started.health.ready()).toMatchObject({ status: 'ok' }), waits);
  return started;
}

function receiptsIn(cluster: ScriptedCluster, of = shard): readonly Receipt[] {
  return cluster.records('receipts').flatMap((record) => {
    const decoded = decodeReceipts(record);
    if (!decoded.readable || decoded.value.kind !== 'receipts') throw new Error('only readable receipts are written');
    expect(decoded.value.by).toBe(west);
    return decoded.value.receipts.filter((receipt) => receipt.shard === of);
  });
}

const fence = (of = shard): ShardRecord => ({ kind: 'fence', shard: of, term: 1, generation: 1, writer: 'w', base: 0 });
const commit = (seq: number, of = shard): ShardRecord => ({
  kind: 'commit',
  shard: of,
  term: 1,
  generation: 1,
  writer: 'w',
  seq,
  cause: commandId('c'),
  correlation: 'o',
  traceparent: '',
  streams: ['o'],
  body: '{}',
});
const mirror = (cluster: ScriptedCluster, ...records: readonly ShardRecord[]): void =>
  void cluster.put('east.order.events', 0, records.map(encodeShardRecord));

it('creates the first lineage, copies it to its log, and says what it has read up to', async () => {
  const { agent, cluster, store } = await agentInWest();
  expect(await store.read()).toEqual({ lineage: first, revision: 1 });
  await vi.waitFor(() => expect(cluster.records('lineage')).toHaveLength(1), waits);
  expect(lineageRecordSchema.parse(JSON.parse(cluster.records('lineage')[0]!.value!))).toEqual({ revision: 1, lineage: first });
  await vi.waitFor(() => expect(receiptsIn(cluster)[0]).toEqual({ shard, term: 1, generation: 0, writer: null, seq: 0 }), waits);
  expect(agent.status()).toMatchObject({ region: west, lineage: { term: 1, revision: 1 }, stoppedShards: {}, problems: {} });
});

it('copies every later revision, and none twice after a restart', async () => {
  const { cluster, store, lifecycle, checkpoints } = await agentInWest();
  await vi.waitFor(() => expect(cluster.records('lineage')).toHaveLength(1), waits);
  await store.compareAndSwap(1, { ...first, term: 2 });
  await vi.waitFor(() => expect(cluster.records('lineage')).toHaveLength(2), waits);
  await lifecycle.stop();
  const { agent } = await agentInWest({ cluster, store, checkpoints });
  await vi.waitFor(() => expect(agent.status().copiedRevision).toBe(2), waits);
  expect(cluster.records('lineage')).toHaveLength(2);
});

it('creates no lineage when its log holds one and etcd does not', async () => {
  const { cluster, lifecycle } = await agentInWest();
  await vi.waitFor(() => expect(cluster.records('lineage')).toHaveLength(1), waits);
  await lifecycle.stop();
  const empty = new InMemoryLineageStore();
  const { health } = await startAgent({ cluster, store: empty });
  await vi.waitFor(() => expect(health.ready().checks['lineage']?.detail).toContain('etcd has lost the lineage'), waits);
  expect(await empty.read()).toBeUndefined();
});

it('receipts a batch after it was read, and all that queued up meanwhile at once', async () => {
  const { cluster } = await agentInWest();
  await vi.waitFor(() => expect(receiptsIn(cluster)).toHaveLength(1), waits);
  const gate = Promise.withResolvers<void>();
  cluster.gate = gate.promise;
  const before = cluster.appends;
  mirror(cluster, fence(), commit(1));
  await vi.waitFor(() => expect(cluster.appends).toBe(before + 1), waits);
  for (let seq = 2; seq <= 50; seq++) mirror(cluster, commit(seq));
  expect(cluster.appends).toBe(before + 1);
  gate.resolve();
  await vi.waitFor(() => expect(receiptsIn(cluster).at(-1)).toEqual({ shard, term: 1, generation: 1, writer: 'w', seq: 50 }), waits);
  expect(receiptsIn(cluster).map(({ seq }) => seq)).toEqual([0, 1, 50]);
  expect(cluster.appends).toBe(before + 2);
});

it('writes again what may not have been written, and repeats what is quiet', async () => {
  const { cluster } = await agentInWest({ repeatEveryMs: 30 });
  cluster.loseNextAnswer = true;
  mirror(cluster, fence(), commit(1));
  await vi.waitFor(() => expect(receiptsIn(cluster).filter(({ seq }) => seq === 1).length).toBeGreaterThan(3), waits);
});

it('goes on after a restart, from its checkpoint or without one', async () => {
  const { cluster, store, lifecycle, checkpoints } = await agentInWest();
  mirror(cluster, fence(), commit(1));
  await vi.waitFor(() => expect(checkpoints.stored).toContain('"east.order.events:0":2'), waits);
  await lifecycle.stop();
  mirror(cluster, commit(2));
  for (const kept of [checkpoints, new MemoryCheckpoints()]) {
    const again = await agentInWest({ cluster, store, checkpoints: kept });
    await vi.waitFor(() => expect(again.agent.status().shards[shard]).toEqual({ term: 1, generation: 1, seq: 2 }), waits);
    await again.lifecycle.stop();
  }
});

it('reads a recreated mirror as if nothing had been read of it, and says nothing of its shards until it holds them again', async () => {
  const { agent, cluster } = await agentInWest();
  mirror(cluster, fence(), commit(1), commit(2));
  await vi.waitFor(() => expect(agent.status().shards[shard]?.seq).toBe(2), waits);
  cluster.create('east.order.events', partitions);
  await vi.waitFor(() => expect(agent.status().shards[shard]).toBeNull(), waits);
  mirror(cluster, fence(), commit(1));
  expect(agent.status().shards[shard]).toBeNull();
  mirror(cluster, commit(2), commit(3));
  await vi.waitFor(() => expect(agent.status().shards[shard]?.seq).toBe(3), waits);
  expect(agent.status().stoppedShards).toEqual({});
});

it('builds a broken reader anew where it was', async () => {
  const { agent, cluster } = await agentInWest();
  mirror(cluster, fence(), commit(1));
  await vi.waitFor(() => expect(agent.status().shards[shard]?.seq).toBe(1), waits);
  cluster.breakReaders();
  mirror(cluster, commit(2));
  await vi.waitFor(() => expect(agent.status().shards[shard]?.seq).toBe(2), waits);
});

it('a shard with a gap stands still and is reported, its neighbour goes on, an unreadable record blocks nobody', async () => {
  const { agent, cluster, health } = await agentInWest();
  const neighbour: ShardId = 'order.east.1';
  cluster.put('east.order.events', 0, [{ key: 'k', headers: {}, value: 'broken' }]);
  mirror(cluster, fence(), commit(1), commit(3));
  cluster.put('east.order.events', 1, [fence(neighbour), commit(1, neighbour)].map(encodeShardRecord));
  await vi.waitFor(() => expect(receiptsIn(cluster, neighbour).at(-1)?.seq).toBe(1), waits);
  expect(
    receiptsIn(cluster)
      .map(({ seq }) => seq)
      .filter((seq) => seq > 0),
  ).toEqual([]);
  expect(Object.keys(agent.status().stoppedShards)).toEqual([shard]);
  expect(agent.status().unreadableRecords).toBe(1);
  expect(health.ready().checks['shards']?.detail).toContain(`${shard} stands still: gap`);
});

it('is not ready while a mirror is missing', async () => {
  const cluster = new ScriptedCluster();
  for (const service of ['order', 'payment']) cluster.create(`east.${service}.events`, partitions);
  const { health } = await startAgent({ cluster });
  await vi.waitFor(() => expect(health.ready().checks['mirrors']?.detail).toBe('missing: east.inventory.events'), waits);
  cluster.create('east.inventory.events', partitions);
  await vi.waitFor(() => expect(health.ready().status).toBe('ok'), waits);
});

it('shows by its metrics how the region stands, and nothing of it when it has stopped', async () => {
  const { cluster, lifecycle } = await agentInWest();
  const shown = async (): Promise<readonly string[]> => (await metrics.render()).split('\n').filter((line) => !line.startsWith('#'));
  await vi.waitFor(
    async () =>
      expect(await shown()).toEqual(
        expect.arrayContaining([
          `${metricNames.regionTerm} 1`,
          `${metricNames.regionMode}{mode="paired"} 1`,
          `${metricNames.regionMode}{mode="claimed"} 0`,
          `${metricNames.regionMode}{mode="solo"} 0`,
          `${metricNames.regionMode}{mode="rejoining"} 0`,
          `${metricNames.regionServing} 1`,
          `${metricNames.regionLeading} 1`,
          `${metricNames.otherRegionAlive}{region="east"} 1`,
          // 0, unless a spec before this one has counted in this process.
          expect.stringMatching(new RegExp(`^${metricNames.takeovers}\\{lost="east"\\} \\d+$`)),
          `${metricNames.mirrorLag}{topic="east.order.events"} 0`,
        ]),
      ),
    waits,
  );
  const lag = async (): Promise<string | undefined> => (await shown()).find((line) => line.startsWith(metricNames.replicationLag));
  expect(await lag()).toBeUndefined(); // east was not heard yet
  cluster.create('east.receipts', 1);
  cluster.put('east.receipts', 0, [encodeReceipts({ kind: 'receipts', by: east, receipts: [] })]);
  await vi.waitFor(async () => expect(await lag()).toMatch(/\{origin="east"\} \d/), waits);
  await lifecycle.stop();
  expect((await shown()).filter((line) => line.startsWith('evenkeel_region'))).toEqual([]);
});
