import { assert } from '#kernel';
import type { Lineage, Region, Segment, ShardId } from '#contracts';
import type { RegionTiming } from '../region-timing.ts';
import type { RegionView, ShardView } from './region-view.ts';

/** One shard: its last segment and what the logs say of it. */
export interface ShardSituation {
  readonly shard: ShardId;
  readonly last: Segment;
  readonly log: ShardView['log'];
  readonly receiptedSeq: number | undefined;
}

/** A view whose lineage could be read, in the form that the procedures ask it. */
export interface Situation {
  readonly view: RegionView;
  readonly here: Region;
  readonly regions: readonly Region[];
  readonly lineage: Lineage;
  readonly revision: number;
  readonly timing: RegionTiming;
  readonly shards: readonly ShardSituation[];
}

export function situationOf(view: RegionView): Situation | undefined {
  if (view.stored === undefined) return undefined;
  const { lineage, revision } = view.stored;
  const shards = Object.entries(lineage.shards).map(([id, segments]) => {
    const shard = id as ShardId;
    const seen = view.shards.get(shard);
    assert(seen !== undefined, `the view shows every shard of its lineage: ${shard}`);
    return { shard, last: segments.at(-1)!, log: seen.log, receiptedSeq: seen.receiptedSeq };
  });
  return { view, here: view.here, regions: view.topology.regions, lineage, revision, timing: view.timing, shards };
}

export const ownedHere = (now: Situation): readonly ShardSituation[] => now.shards.filter(({ last }) => last.owner === now.here);

/** The seq at which the owner has ended the last segment's term in its log, or undefined: it has not, or nobody has seen it here. */
export const closedAt = (shard: ShardSituation): number | undefined => shard.log?.closedAt;

/** Its mirror has said, for this very term, that it has read the history up to the segment's base: it could take over from there. */
export const isReached = ({ last, receiptedSeq }: ShardSituation): boolean => receiptedSeq !== undefined && receiptedSeq >= last.base;

/** The mirror's receipts of this very term cover the close: whoever goes on from there, both hold all of it. */
export function isCovered(shard: ShardSituation): boolean {
  const end = closedAt(shard);
  return end !== undefined && shard.receiptedSeq !== undefined && shard.receiptedSeq >= end;
}

/** Commits that the owner has accepted and the mirror has not receipted; undefined when either is unknown. */
export function lagOf(shard: ShardSituation): number | undefined {
  if (shard.log === undefined || shard.receiptedSeq === undefined) return undefined;
  return Math.max(0, shard.log.acceptedSeq - shard.receiptedSeq);
}

/** `order.east.0, order.east.1 and 16 more`: bounded, for people. */
export function named(shards: readonly { readonly shard: ShardId }[]): string {
  const shown = shards.slice(0, 3).map(({ shard }) => shard);
  return shards.length > shown.length ? `${shown.join(', ')} and ${shards.length - shown.length} more` : shown.join(', ');
}
