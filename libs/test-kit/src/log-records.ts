import type { LogCluster, StoredRecord } from '#shard-log';
import { eventually } from './eventually.ts';

/** All that stands in a topic now, from these offsets on, in the order of each partition's offsets. For what fits into memory. */
export async function recordsOf(cluster: LogCluster, topic: string, from: readonly number[] = []): Promise<readonly StoredRecord[]> {
  const ends = await cluster.endOffsets(topic);
  const next = ends.map((_, partition) => from[partition] ?? 0);
  const records: StoredRecord[] = [];
  let stopped: Error | undefined;
  const reader = await cluster.read({
    name: 'log-records',
    from: next.map((offset, partition) => ({ topic, partition, offset })),
    onBatch: (batch) => {
      for (const record of batch) {
        if (record.offset < ends[record.partition]!) records.push(record);
        next[record.partition] = Math.max(next[record.partition] ?? 0, record.offset + 1);
      }
      return Promise.resolve();
    },
    onStopped: (error) => (stopped = error),
  });
  try {
    await eventually(
      () => {
        if (stopped !== undefined) throw stopped;
        return ends.every((end, partition) => (next[partition] ?? 0) >= end);
      },
      { withinMs: 60_000, everyMs: 20 },
    );
  } finally {
    await reader.close();
  }
  return records;
}
