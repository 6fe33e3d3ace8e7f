import { assert } from '#kernel';
import type { Lineage, Region, Segment, ShardId } from '#contracts';
import type { RegionTiming } from '../region-timing.ts';
import type { RegionView, ShardView } from './region-view.ts';

/** One shard: its last segment and what the logs say of it. */
export interface ShardSituation {
  readonly shard: ShardId;
  readonly last: Segment;
  /** As in the view; undefined too where it has lost its tail: nothing is closed, covered or based by such an end. */
  readonly log: ShardView['log'];
  readonly receiptedSeq: number | undefined;
  /** Where the log ends, if receipts of its own term stand above that. */
  readonly endsBelowReceipts: number | undefined;
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
    const last = segments.at(-1)!;
    const endsBelowReceipts = endBelowReceipts(view.here, last, seen);
    const log = endsBelowReceipts === undefined ? seen.log : undefined;
    return { shard, last, log, receiptedSeq: seen.receiptedSeq, endsBelowReceipts };
  });
  return { view, here: view.here, regions: view.topology.regions, lineage, revision, timing: view.timing, shards };
}

/**
 * A receipt says what stood in the owner's log: above that log's end it proves a lost tail (TRACES 19), and the mirror alone holds what was
 * answered. Of an open log that only the own region can say, and for a moment also when receipts are read before commits. A mirror of
 * another's log lags; its close does not.
 */
function endBelowReceipts(here: Region, last: Segment, { log, receiptedSeq }: ShardView): number | undefined {
  const end = log?.closedAt ?? (last.owner === here ? log?.acceptedSeq : undefined);
  return end !== undefined && receiptedSeq !== undefined && receiptedSeq > end ? end : undefined;
}

export const ownedHere = (now: Situation): readonly ShardSituation[] => now.shards.filter(({ last }) => last.owner === now.here);

/** The seq at which the owner has ended the last segment's term in its log, or undefined: it has not, or nobody has seen it here. */
export const closedAt = (shard: ShardSituation): number | undefined => shard.log?.closedAt;

/** Its mirror has said, for this very term, that it has read the history up to the segment's base: it could take over from there. */
export const isReached = ({ last, receiptedSeq }: ShardSituation): boolean => receiptedSeq !== undefined && receiptedSeq >= last.base;

/**
 * Paired, and for long not reached though nobody changed anything: the mirror lives, and lacks what only a lost region could send it. Possible with more than two
 * regions; what waits for its receipts would wait for ever.
 */
export const isOutOfReach = (now: Situation, shard: ShardSituation): boolean =>
  shard.last.mode === 'paired' && !isReached(shard) && now.view.lineageForMs >= now.timing.receiptsGoneMs;

/** The mirror's receipts of this very term cover the close: whoever goes on from there, both hold all of it. */
export function isCovered({ log, receiptedSeq }: ShardView): boolean {
  const end = log?.closedAt;
  return end !== undefined && receiptedSeq !== undefined && receiptedSeq >= end;
}

/**
 * Its mirror has cut the receipts of this term, and no later segment followed: a takeover left it out (ADR 0020 a). Nothing more of this
 * term can ever settle by receipts.
 */
export const isCutOff = (now: Situation, { last }: ShardSituation): boolean => last.term < (now.view.cuts.get(last.mirror) ?? 0);

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

/** Why shards of ours are left out, for people. */
export function whyUnread(shards: readonly ShardSituation[]): string {
  const lost = shards.filter(({ endsBelowReceipts }) => endsBelowReceipts !== undefined);
  const unread = shards.filter(({ endsBelowReceipts }) => endsBelowReceipts === undefined);
  const reasons = unread.length === 0 ? [] : [`our own ${named(unread)} is not read up to its segment`];
  if (lost.length > 0) {
    const { endsBelowReceipts, receiptedSeq } = lost[0]!;
    reasons.push(
      `our own log of ${named(lost)} ends at ${endsBelowReceipts}, below its receipts at ${receiptedSeq}: unless it is just being read, it has lost its tail`,
    );
  }
  return reasons.join('; ');
}
