/**
 * What kafkajs does on this machine when nothing of ours is around it: its own Producer and Consumer, which the services do not use
 * (ADR 7). One send in flight, acknowledged by all in-sync replicas, as our writers append.
 */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { percentiles, type Percentiles } from '../../../apps/operator/src/drill/measures/percentiles.ts';

export interface AppendLimit {
  readonly recordsPerSecond: number;
  /** One record at a time, each acknowledged before the next. */
  readonly singleMs: Percentiles | undefined;
}

export interface ConsumeLimit {
  readonly records: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
}

const batchRecords = 1_000;
/** About what a commit of ours has, headers included. */
const recordBytes = 1_000;
const acknowledgedByAll = -1;
/** A broker that has just started has no coordinator of groups yet. */
const retriesMax = 8;
const createTimeoutMs = 10_000;
const consumeWithinMs = 600_000;

const connect = (brokers: readonly string[]): Kafka =>
  new Kafka({ brokers: [...brokers], clientId: 'bench-raw', logLevel: logLevel.NOTHING, retry: { retries: retriesMax } });

/** Into a topic of its own, which is deleted afterwards. */
export async function kafkajsAppend(
  brokers: readonly string[],
  { partitions, seconds }: { readonly partitions: number; readonly seconds: number },
): Promise<AppendLimit> {
  const kafka = connect(brokers);
  const topic = `bench-raw-${randomUUID()}`;
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await admin.connect();
  await producer.connect();
  try {
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
      waitForLeaders: true,
      timeout: createTimeoutMs,
    });
    const value = 'x'.repeat(recordBytes);
    const send = (count: number) =>
      producer.send({ topic, acks: acknowledgedByAll, messages: Array.from({ length: count }, (_, i) => ({ key: String(i), value })) });
    await send(batchRecords); // the first one asks for metadata
    const single: number[] = [];
    await forSeconds(seconds, async () => {
      const startedMs = performance.now();
      await send(1);
      single.push(performance.now() - startedMs);
    });
    let sent = 0;
    const tookSeconds = await forSeconds(seconds, async () => {
      await send(batchRecords);
      sent += batchRecords;
    });
    return { recordsPerSecond: sent / tookSeconds, singleMs: percentiles(single) };
  } finally {
    await producer.disconnect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  }
}

async function forSeconds(seconds: number, once: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  do await once();
  while (performance.now() - startedMs < seconds * 1000);
  return (performance.now() - startedMs) / 1000;
}

/** Everything that stands in these topics now, from the first record on, by one consumer. Counted from its first batch to its last. */
export async function kafkajsConsume(brokers: readonly string[], topics: readonly string[]): Promise<ConsumeLimit> {
  const kafka = connect(brokers);
  const groupId = `bench-raw-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
  let joined = false;
  consumer.on(consumer.events.GROUP_JOIN, () => (joined = true));
  try {
    const left = new Map<string, number>();
    for (const topic of topics)
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (Number(high) > Number(low)) left.set(`${topic}:${partition}`, Number(high));
    let records = 0;
    let [firstMs, lastMs] = [0, 0];
    const done = Promise.withResolvers<void>();
    if (left.size === 0) done.resolve();
    const timer = setTimeout(
      () => done.reject(new Error(`not read within ${consumeWithinMs} ms: ${[...left.keys()].join(' ')}`)),
      consumeWithinMs,
    );
    // It says nowhere else that it has given up.
    consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: ({ batch }) => {
        if (firstMs === 0) firstMs = performance.now();
        const place = `${batch.topic}:${batch.partition}`;
        if (left.has(place)) records += batch.messages.length;
        lastMs = performance.now();
        if (Number(batch.lastOffset()) + 1 >= (left.get(place) ?? Number.POSITIVE_INFINITY)) left.delete(place);
        if (left.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    await done.promise.finally(() => clearTimeout(timer));
    const seconds = (lastMs - firstMs) / 1000;
    return { records, seconds, recordsPerSecond: seconds > 0 ? records / seconds : 0 };
  } finally {
    await consumer.disconnect();
    if (joined) await admin.deleteGroups([groupId]);
    await admin.disconnect();
  }
}
