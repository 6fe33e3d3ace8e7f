import type { ShardId } from '#contracts';
import { nextStep, type RegionView, type ShardView, type Step } from '#regions';

/** A faulty agent, as one that sees its logs wrongly. */
export const blind =
  (change: (view: RegionView) => RegionView): ((view: RegionView) => Step) =>
  (view) =>
    nextStep(change(view));

export const withShards = (view: RegionView, change: (seen: ShardView) => ShardView): RegionView => ({
  ...view,
  shards: new Map([...view.shards].map(([shard, seen]): [ShardId, ShardView] => [shard, change(seen)])),
});
