import type { Lineage, Region, Segment, ShardId } from '#contracts';

/** The segment that says who writes a shard now, or undefined when the lineage does not know the shard. */
export const lastSegmentOf = (lineage: Lineage, shard: ShardId): Segment | undefined => lineage.shards[shard]?.at(-1);

const shardsWhere = (lineage: Lineage, holds: (last: Segment) => boolean): readonly ShardId[] =>
  Object.entries(lineage.shards)
    .filter(([, segments]) => holds(segments.at(-1)!))
    .map(([shard]) => shard as ShardId);

/** The shards that a region alone may write. */
export const shardsOwnedBy = (lineage: Lineage, region: Region): readonly ShardId[] =>
  shardsWhere(lineage, (last) => last.owner === region);

/** The shards of other regions that wait for this region's receipts, and that it alone may take over. */
export const shardsMirroredBy = (lineage: Lineage, region: Region): readonly ShardId[] =>
  shardsWhere(lineage, (last) => last.mirror === region && last.owner !== region);
