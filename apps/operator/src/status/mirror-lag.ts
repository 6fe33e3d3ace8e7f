import { mirroredTopics, regionsOf, topicIn, type Region, type Topology } from '#contracts';
import { connectKafkaCluster, type LogCluster } from '#shard-log';

export interface MirrorLag {
  readonly topic: string;
  readonly region: Region;
  readonly sourceRecords: number | undefined;
  /** Records that the source has and the mirror has not. At least: what a mirror repeated after a kill counts as records too. */
  readonly behind: number | undefined;
  readonly error: string | undefined;
}

/** Compares the ends of each mirrored topic with the ends of its mirrors, as the clusters tell them. */
export async function mirrorLags(topology: Topology): Promise<readonly MirrorLag[]> {
  const regions = regionsOf(topology);
  const clusters = new Map<Region, LogCluster>(
    regions.map((region) => [
      region,
      connectKafkaCluster({ brokers: topology.regions[region]!.kafka.brokers, clientId: 'evenkeel-status' }),
    ]),
  );
  const mirrors = regions.flatMap((here) =>
    regions.filter((origin) => origin !== here).flatMap((origin) => mirroredTopics.map((topic) => ({ here, origin, topic }))),
  );
  try {
    return await Promise.all(
      mirrors.map(async ({ here, origin, topic }) => {
        const mirror = topicIn(here, origin, topic);
        const [source, copy] = await Promise.all([endsIn(clusters.get(origin)!, topic), endsIn(clusters.get(here)!, mirror)]);
        if (typeof source === 'string' || typeof copy === 'string')
          return {
            topic: mirror,
            region: here,
            sourceRecords: undefined,
            behind: undefined,
            error: typeof source === 'string' ? source : String(copy),
          };
        const behind = source.reduce((sum, end, partition) => sum + Math.max(0, end - (copy[partition] ?? 0)), 0);
        return { topic: mirror, region: here, sourceRecords: source.reduce((sum, end) => sum + end, 0), behind, error: undefined };
      }),
    );
  } finally {
    await Promise.allSettled([...clusters.values()].map((cluster) => cluster.close()));
  }
}

/** The end of each partition, or why it is not known. */
async function endsIn(cluster: LogCluster, topic: string): Promise<readonly number[] | string> {
  try {
    return await cluster.endOffsets(topic);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
