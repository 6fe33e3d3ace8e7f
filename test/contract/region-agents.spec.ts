import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Lineage, ShardId } from '#contracts';
import { EtcdAgentRegistry } from '#regions';
import { connectKafkaCluster, decodeReceipts, decodeShardRecord, encodeShardRecord, type LogCluster } from '#shard-log';
import { eventually, eventuallyHolds, recordsOf, startTestBroker, type TestBroker } from '#test-kit';
import { MemoryCheckpoints } from '../../apps/region-agent/src/testing/memory.checkpoints.ts';
import { sites, startEtcdCluster, type EtcdCluster } from './lineage.etcd-cluster.ts';
import { commit, fence, PlayedRegion, startTestAgent, type AgentPlace, type TestAgent } from './region-agents.fixture.ts';

const [east, west] = sites;
const [ofEast, alsoOfEast, ofWest]: ShardId[] = ['order.east.0', 'inventory.east.1', 'order.west.0'];

let etcd: EtcdCluster;
let broker: TestBroker;
let cluster: LogCluster;
let registry: EtcdAgentRegistry;
let playedEast: PlayedRegion;
let place: AgentPlace;
const agents: TestAgent[] = [];
const died: Promise<void>[] = [];

beforeAll(async () => {
  [etcd, broker] = await Promise.all([startEtcdCluster(), startTestBroker()]);
  cluster = connectKafkaCluster({ brokers: broker.brokers, clientId: 'region-agents' });
  registry = new EtcdAgentRegistry({ endpoints: [etcd.clientUrl(west)], deadlineMs: 10_000 });
  playedEast = await PlayedRegion.start(east, cluster, registry);
  place = {
    here: west,
    regions: [east, west],
    brokers: broker.brokers,
    etcdUrl: etcd.clientUrl(west),
    checkpoints: new MemoryCheckpoints(),
  };
});

afterAll(async () => {
  await Promise.all(died);
  for (const agent of agents) await agent.stop();
  await playedEast?.close();
  await Promise.all([registry?.close(), cluster?.close()]);
  await Promise.all([etcd?.close(), broker?.stop()]);
});

/** Whoever carries out one of these steps dies at once: between it and the next. Each step takes one agent along. */
const deadly = new Set<string>();

async function startAgent(instance: number): Promise<TestAgent> {
  const started = await startTestAgent(place, instance, (event) => {
    if (deadly.delete(event)) died.push(kill(started));
  });
  agents.push(started);
  return started;
}

function kill(agent: TestAgent): Promise<void> {
  agents.splice(agents.indexOf(agent), 1);
  return agent.die();
}

const leads = ({ agent }: TestAgent): boolean => agent.status().leading && Object.keys(agent.status().problems).length === 0;
/** One that failed, for etcd was late, is taken again. */
const stepsOf = ({ events }: TestAgent): readonly string[] =>
  events.map(({ event }) => event).filter((event) => event.startsWith('step-') && !event.endsWith('-failed'));
const lineageNow = async (): Promise<Lineage> => (await registry.read()).lineage!.lineage;

let leader: TestAgent;
let standby: TestAgent;

it('of two instances one leads, and says what it has accepted; both serve', { timeout: 120_000 }, async () => {
  const two = await Promise.all([startAgent(1), startAgent(2)]);
  await playedEast.mirror('order.events', 0, fence(ofEast!), commit(ofEast!, 1), commit(ofEast!, 2), commit(ofEast!, 3));
  await playedEast.mirror('inventory.events', 1, fence(alsoOfEast!), commit(alsoOfEast!, 1));
  const saysAll = (one: TestAgent): boolean => leads(one) && one.agent.status().shards[ofEast!]?.seq === 3;
  leader = await eventually(() => two.find(saysAll), { withinMs: 45_000 });
  standby = two.find((one) => one !== leader)!;
  await eventuallyHolds(() => expect(standby.agent.status()).toMatchObject({ standing: 'standby', problems: {}, shards: {} }));
  for (const { agent } of two) await eventuallyHolds(() => expect(agent.serving()).toMatchObject({ serving: true }));
  await eventually(() => leader.agent.status().procedure?.step === 'rest', { withinMs: 45_000 });
  expect(leader.agent.status().procedure).toMatchObject({ procedure: 'none', awaitsPerson: false });
});

it('the other takes the lead when the first dies without a word, and goes on from its checkpoint', { timeout: 120_000 }, async () => {
  // Own commits, of which east has receipted one: they are part of what the takeover closes.
  const appender = await cluster.appender('writer');
  await appender.append('order.events', 0, [fence(ofWest!), commit(ofWest!, 1), commit(ofWest!, 2)].map(encodeShardRecord));
  await appender.close();
  await playedEast.receipt({ shard: ofWest!, term: 1, generation: 1, writer: 'w', seq: 1 });
  await eventually(() => place.checkpoints.stored?.includes('"order.events:0":2'), { withinMs: 45_000 }); // the unsettled one is read again
  const diedAtMs = performance.now();
  await kill(leader);
  await eventually(() => leads(standby), { withinMs: 45_000 });
  expect(performance.now() - diedAtMs).toBeLessThan(15_000);
  await eventually(() => standby.agent.status().shards[ofEast!]?.seq === 3, { withinMs: 45_000 });
});

it(
  'a region that dies is taken over, though every agent dies after its step: the next finishes what it finds',
  { timeout: 120_000 },
  async () => {
    for (const step of ['step-claim', 'step-cut', 'step-close']) deadly.add(step);
    const all = [standby, ...(await Promise.all([3, 4, 5].map(startAgent)))];
    await eventually(() => all.every(({ agent }) => agent.status().lineage !== undefined), { withinMs: 45_000 });
    playedEast.die();
    await eventually(async () => (await lineageNow()).status.status === 'claimed', { withinMs: 45_000 });
    const claimed = await lineageNow();
    await eventually(() => !deadly.has('step-cut'), { withinMs: 45_000 });
    expect((await lineageNow()).shards).toEqual(claimed.shards); // without a segment, a claim has no effect on history
    await eventually(async () => (await lineageNow()).status.status === 'solo', { withinMs: 45_000 });

    // The swapper hears of its swap after etcd has it.
    await eventuallyHolds(
      () => expect(new Set(all.map((one) => stepsOf(one).join()))).toEqual(new Set(['step-claim', 'step-cut', 'step-close', 'step-swap'])),
      { withinMs: 45_000 },
    );
    const last = all.find((one) => stepsOf(one).includes('step-swap'))!;
    const { term, status, shards } = await lineageNow();
    expect({ term, status }).toEqual({ term: claimed.term, status: { status: 'solo', region: west } });
    for (const [shard, base] of [
      [ofEast!, 3],
      [alsoOfEast!, 1],
      [ofWest!, 2],
      ['payment.east.0', 0],
    ] as const)
      expect(shards[shard]!.at(-1)).toEqual({ term, owner: west, base, mode: 'solo', mirror: east });
    // This test may read the swap before the agent reads it back.
    await eventuallyHolds(() => expect(last.agent.serving()).toMatchObject({ serving: true, because: 'west carries on alone' }));
    await inOrder(term);
  },
);

/** In the log of receipts the last receipts stand before the only cut; every own shard was closed once. */
async function inOrder(term: number): Promise<void> {
  const receipts = (await recordsOf(cluster, 'receipts')).map(decodeReceipts).map((decoded) => decoded.readable && decoded.value);
  const cutAt = receipts.findIndex((record) => record && record.kind === 'cut');
  expect(receipts[cutAt]).toMatchObject({ kind: 'cut', term });
  expect(receipts.filter((record) => record && record.kind === 'cut')).toHaveLength(1);
  const before = receipts[cutAt - 1];
  const last = before && before.kind === 'receipts' ? before.receipts : [];
  expect(last).toContainEqual({ shard: ofEast, term: 1, generation: 1, writer: 'w', seq: 3 });
  const closes = (await Promise.all(['order', 'inventory', 'payment'].map((service) => recordsOf(cluster, `${service}.events`))))
    .flat()
    .map(decodeShardRecord)
    .flatMap((decoded) => (decoded.readable && decoded.value.kind === 'close' ? [decoded.value] : []));
  expect(closes).toHaveLength(6);
  expect(closes).toContainEqual({ kind: 'close', shard: ofWest, term: 1 });
}
