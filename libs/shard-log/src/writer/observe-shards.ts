import type { Region, Service, ShardId } from '#contracts';
import { metricNames, metrics, type ReadPoints } from '#telemetry';
import type { ShardReading } from '../core/shard-reading.ts';
import type { UnsettledCommits } from './unsettled-commits.ts';

export interface ObservedShard {
  readonly reading: Pick<ShardReading, 'lastSegment' | 'stopped'>;
  readonly writer: { readonly isOpen: boolean; readonly isAssigned: boolean };
  readonly unsettled: Pick<UnsettledCommits<never>, 'count' | 'oldestSinceMs'>;
}

/**
 * Shows how a service's shards stand in this process. What is unsettled is told by the one instance to which the consumer group gave the shard,
 * and only in the region that owns it: so the sum over all processes counts every commit once. Returns how to end it.
 */
export function observeShards(
  service: Service,
  here: Region,
  shards: ReadonlyMap<ShardId, ObservedShard>,
  nowMs: () => number = () => performance.now(),
): () => void {
  const labels = { service };
  const own = (): readonly ObservedShard[] =>
    [...shards.values()].filter(({ reading, writer }) => writer.isAssigned && reading.lastSegment?.owner === here);
  const one = (value: () => number): ReadPoints => {
    return () => [{ labels, value: value() }];
  };
  const counts = (counted: (shard: ObservedShard) => boolean) => one(() => [...shards.values()].filter(counted).length);
  const oldestMs = (): number => {
    const now = nowMs();
    return own().reduce((oldest, { unsettled }) => Math.max(oldest, now - (unsettled.oldestSinceMs ?? now)), 0);
  };
  const ends = [
    metrics.gauge(metricNames.unsettledCommits).observe(one(() => own().reduce((sum, { unsettled }) => sum + unsettled.count, 0))),
    metrics.gauge(metricNames.oldestUnsettledAge).observe(one(() => oldestMs() / 1_000)),
    metrics.gauge(metricNames.shardsOpen).observe(counts(({ writer }) => writer.isOpen)),
    metrics.gauge(metricNames.shardsStopped).observe(counts(({ reading }) => reading.stopped !== undefined)),
  ];
  return () => {
    for (const end of ends) end();
  };
}
