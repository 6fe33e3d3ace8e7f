import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandId, region, services, topicsOfARegion, type Lineage, type ShardId } from '#contracts';
import { connectKafkaCluster, encodeShardRecord, type LogCluster, type NewRecord, type ShardRecord } from '#shard-log';
import { recordsOf, startTestBroker, type TestBroker } from '#test-kit';
import type { RegionEvent } from '../../apps/region-agent/src/region-events.port.ts';
import { DivergedLogError } from '../../apps/region-agent/src/reseed/missing-records.ts';
import { Reseed } from '../../apps/region-agent/src/reseed/reseed.ts';

/** East has lost its Kafka, and fills its own logs again from west's mirror of them: two real brokers. */
const [east, west] = [region('east'), region('west')];
const log = pino({ level: 'silent' });
const partitions = 2;
const commits = 3_000;
const never = new AbortController().signal;

const fence = (shard: ShardId, generation: number, base: number, writer = `w${generation}`): ShardRecord => ({
  kind: 'fence',
  shard,
  term: 1,
  generation,
  writer,
  base,
});
const commit = (shard: ShardId, generation: number, seq: number, writer = `w${generation}`): ShardRecord => ({
  kind: 'commit',
  shard,
  term: 1,
  generation,
  writer,
  seq,
  cause: commandId(`c-${seq}`),
  correlation: 'o',
  traceparent: '',
  streams: [`stream-${seq % 7}`],
  body: JSON.stringify({ of: shard, seq, umlauts: 'äöü', filler: 'x'.repeat(200) }),
});

/** What east had written: two shards that take turns in each partition, a second opening half-way, a zombie behind it. */
const history = (partition: number): readonly ShardRecord[] => {
  const pair: readonly ShardId[] = [`order.east.${partition}`, `order.west.${partition}`];
  const half = commits / 2;
  return [
    ...pair.map((shard) => fence(shard, 1, 0)),
    ...Array.from({ length: half }, (_, i) => pair.map((shard) => commit(shard, 1, i + 1))).flat(),
    ...pair.map((shard) => fence(shard, 2, half)),
    commit(pair[0]!, 1, half + 1),
    ...Array.from({ length: half }, (_, i) => pair.map((shard) => commit(shard, 2, half + i + 1))).flat(),
  ];
};

const lineage: Lineage = {
  term: 2,
  status: { status: 'solo', region: west },
  shards: Object.fromEntries(
    [0, 1].flatMap((partition) =>
      [east, west].map((home) => [
        `order.${home}.${partition}`,
        [
          { term: 1, owner: east, base: 0, mode: 'paired' as const, mirror: west },
          { term: 2, owner: west, base: commits - 2, mode: 'solo' as const, mirror: east },
        ],
      ]),
    ),
  ),
};

let brokers: TestBroker[];
let [eastern, western]: LogCluster[] = [];
const told: RegionEvent[] = [];

beforeAll(async () => {
  brokers = await Promise.all([startTestBroker(), startTestBroker()]);
  [eastern, western] = brokers.map((broker) => connectKafkaCluster({ brokers: broker.brokers, clientId: 'reseed-test' }));
  await eastern!.createTopics(topicsOfARegion(partitions));
  await western!.createTopics(services.map((service) => ({ topic: `east.${service}.events`, partitions, config: {} })));
  await western!.createTopics([{ topic: 'parked', partitions: 1, config: {} }]);
  for (const partition of [0, 1]) {
    const records = history(partition);
    await append(western!, 'east.order.events', partition, records.slice(0, 2_000));
    await append(western!, 'east.order.events', partition, records.slice(1_900)); // MirrorMaker was restarted
  }
});

afterAll(async () => {
  await Promise.all([eastern?.close(), western?.close()]);
  await Promise.all((brokers ?? []).map((broker) => broker.stop()));
});

async function append(cluster: LogCluster, topic: string, partition: number, records: readonly ShardRecord[]): Promise<void> {
  const appender = await cluster.appender('test');
  for (let at = 0; at < records.length; at += 400)
    await appender.append(topic, partition, records.slice(at, at + 400).map(encodeShardRecord));
  await appender.close();
}

async function tell(cluster: LogCluster, records: readonly NewRecord[]): Promise<void> {
  const appender = await cluster.appender('test');
  await appender.append('parked', 0, records);
  await appender.close();
}

const reseed = () =>
  new Reseed({
    here: east,
    cluster: eastern!,
    connect: (other) => (other === west ? connectKafkaCluster({ brokers: brokers[1]!.brokers, clientId: 'reseed' }) : undefined),
    events: { record: (event) => void told.push(event) },
    log,
  });

async function ownLog(partition: number) {
  const records = (await recordsOf(eastern!, 'order.events')).filter((record) => record.partition === partition);
  return records.map(({ key, headers, value }) => ({ key, headers, value }));
}

const aboutParked = (kind: string) => (key: string) => ({ key, headers: { 'evenkeel-kind': kind }, value: '{}' });
const skipped = aboutParked('parked-skipped');
const announced = aboutParked('parked');

it('goes on where it was broken off, and ends with the log as it was: same records, same order, each once', async () => {
  // An earlier try came this far before its process was killed.
  await append(eastern!, 'order.events', 0, history(0).slice(0, 1_234));
  // What people decided, in both regions. Places in a log are not what they were; announcements are told anew by who parks.
  const decided = ['order.east.0:17', 'checkout:order.east.0:17'].map(skipped);
  await tell(western!, [...decided, skipped('order.events:0:5'), announced('order.east.0:17'), announced('order.west.1:9')]);
  await tell(eastern!, decided.slice(0, 1));
  const copied = await reseed().ensure(lineage, west, never);
  expect(copied).toBe(history(0).length - 1_234 + history(1).length + 1);
  expect((await recordsOf(eastern!, 'parked')).map(({ key, headers, value }) => ({ key, headers, value }))).toEqual(decided);
  for (const partition of [0, 1]) expect(await ownLog(partition)).toEqual(history(partition).map(encodeShardRecord));
  expect(told.map(({ event }) => event)).toEqual(['reseed-begun', 'reseed-ended']);
});

it('finds nothing to do afterwards, also when what was copied back has been mirrored again', async () => {
  await append(western!, 'east.order.events', 0, history(0));
  expect(await reseed().ensure(lineage, west, never)).toBe(0);
  expect(told).toHaveLength(2);
});

it('says that it cannot when the mirror is short too, or nobody says where it is', async () => {
  const further: Lineage = { ...lineage, shards: { 'order.east.0': [{ ...lineage.shards['order.east.0']![0]! }, segmentAt(commits + 5)] } };
  await expect(reseed().ensure(further, west, never)).rejects.toThrow('mirror of east is short too');
  await expect(reseed().ensure(further, region('north'), never)).rejects.toThrow('names no Kafka of north');
});
const segmentAt = (base: number) => ({ term: 2, owner: west, base, mode: 'solo' as const, mirror: east });

it('refuses a log that was written to after it lost its tail, and appends nothing to it', async () => {
  const shard: ShardId = 'payment.east.1';
  const before = [fence(shard, 1, 0), commit(shard, 1, 1)];
  await append(western!, 'east.payment.events', 1, [
    ...before,
    fence(shard, 2, 1, 'A'),
    commit(shard, 2, 2, 'A'),
    commit(shard, 2, 3, 'A'),
  ]);
  await append(eastern!, 'payment.events', 1, [...before, fence(shard, 2, 1, 'B'), commit(shard, 2, 2, 'B')]);
  const diverged: Lineage = {
    ...lineage,
    shards: { [shard]: [{ term: 1, owner: east, base: 0, mode: 'paired', mirror: west }, segmentAt(3)] },
  };
  await expect(reseed().ensure(diverged, west, never)).rejects.toThrow(DivergedLogError);
  expect((await eastern!.endOffsets('payment.events'))[1]).toBe(4);
  expect(told.at(-1)).toMatchObject({ event: 'reseed-refused' });
});
