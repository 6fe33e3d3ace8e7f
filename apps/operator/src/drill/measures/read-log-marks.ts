import { setTimeout as delay } from 'node:timers/promises';
import { eventsTopic, regionsOf, services, type Region, type ShardId, type Topology } from '#contracts';
import { connectKafkaCluster, type LogCluster, type ReadFrom, type StoredRecord } from '#shard-log';
import type { LogMark } from './write-pauses.ts';

/** Where each region's own logs ended at some moment. */
export type LogEnds = ReadonlyMap<Region, readonly (ReadFrom & { readonly offset: number })[]>;

const readTimeoutMs = 60_000;
const pollMs = 50;

/** @throws Error while a region's Kafka does not answer */
export async function readLogEnds(topology: Topology): Promise<LogEnds> {
  const ends = await Promise.all(
    regionsOf(topology).map((region) => withCluster(topology, region, async (cluster) => [region, await endsOf(cluster)] as const)),
  );
  return new Map(ends);
}

/** The closes and fences that were appended to the regions' own logs since. @throws Error when a log cannot be read to its end in time */
export async function readLogMarks(topology: Topology, since: LogEnds): Promise<readonly LogMark[]> {
  const marks = await Promise.all(
    Array.from(since, ([region, from]) => withCluster(topology, region, (cluster) => marksIn(cluster, region, from))),
  );
  return marks.flat();
}

async function withCluster<T>(topology: Topology, region: Region, work: (cluster: LogCluster) => Promise<T>): Promise<T> {
  const cluster = connectKafkaCluster({ brokers: topology.regions[region]!.kafka.brokers, clientId: 'evenkeel-drill' });
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

async function endsOf(cluster: LogCluster): Promise<(ReadFrom & { readonly offset: number })[]> {
  const topics = services.map(eventsTopic);
  const ends = await Promise.all(topics.map((topic) => cluster.endOffsets(topic)));
  return topics.flatMap((topic, i) => ends[i]!.map((offset, partition) => ({ topic, partition, offset })));
}

async function marksIn(cluster: LogCluster, region: Region, from: readonly (ReadFrom & { readonly offset: number })[]): Promise<LogMark[]> {
  const idOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string => `${topic}/${partition}`;
  const left = new Map((await endsOf(cluster)).map((end) => [idOf(end), end.offset]));
  for (const begin of from) if (begin.offset >= (left.get(idOf(begin)) ?? 0)) left.delete(idOf(begin));
  const marks: LogMark[] = [];
  let stopped: Error | undefined;
  const onBatch = (batch: readonly StoredRecord[]): Promise<void> => {
    for (const record of batch) {
      marks.push(...marksOf(record, region));
      const end = left.get(idOf(record));
      if (end !== undefined && record.offset + 1 >= end) left.delete(idOf(record));
    }
    return Promise.resolve();
  };
  const reader = await cluster.read({ name: 'drill-marks', from, onBatch, onStopped: (error) => (stopped = error) });
  const deadlineMs = performance.now() + readTimeoutMs;
  try {
    while (left.size > 0) {
      if (stopped !== undefined) throw stopped;
      if (performance.now() > deadlineMs)
        throw new Error(`${region}: ${[...left.keys()].join(', ')} not read to the end in ${readTimeoutMs} ms`);
      await delay(pollMs);
    }
  } finally {
    await reader.close();
  }
  return marks;
}

function marksOf({ headers, timestampMs }: StoredRecord, region: Region): readonly LogMark[] {
  const kind = headers['evenkeel-kind'];
  const term = Number(headers['evenkeel-term']);
  if ((kind !== 'close' && kind !== 'fence') || !Number.isSafeInteger(term)) return [];
  return [{ kind, region, shard: headers['evenkeel-shard'] as ShardId, term, atMs: timestampMs }];
}
