import type { Lineage, Region, Segment, ShardId } from '#contracts';
import type { StoredLineage } from '../lineage-store.port.ts';
import type { RegionTiming } from '../region-timing.ts';

/**
 * What one region's agent sees in one round: all that a procedure may decide by. It is rebuilt from etcd and the logs every round,
 * so that a half-done procedure is found, and finished, by whoever comes next.
 *
 * The order of looking is part of the protocol: `stored` is read first, linearizably; everything from the logs is read as far as they
 * stand after that. Durations are in milliseconds, measured by this process, and never longer than it has been looking.
 */
export interface RegionView {
  readonly here: Region;
  readonly topology: {
    /** All regions, in the topology's order. */
    readonly regions: readonly Region[];
    /** Those that are home to customers; one in an active-passive topology. */
    readonly homes: readonly Region[];
  };
  /** The lineage and its revision; undefined while etcd has no majority for us (or none has been created). */
  readonly stored: StoredLineage | undefined;
  /**
   * How long `stored.lineage.status` has been what it is: same status, same region, same claim's term. Swaps that leave the status
   * alone, such as handoffs, do not restart it.
   */
  readonly statusForMs: number;
  /** How long `stored` has been what it is: no swap of any region came since. So every segment is at least that old. */
  readonly lineageForMs: number;
  /** One entry for every shard of `stored.lineage`. */
  readonly shards: ReadonlyMap<ShardId, ShardView>;
  /** Per region the highest cut in its `receipts` log: the own one as it stands, the others as mirrored here. Absent: none. */
  readonly cuts: ReadonlyMap<Region, number>;
  /** One entry for every other region of the topology. */
  readonly peers: ReadonlyMap<Region, PeerView>;
  readonly self: SelfView;
  /** Whether all that stood in the logs when this agent began to read them has been read. */
  readonly logsAreCurrent: boolean;
  readonly wishes: Wishes;
  readonly timing: RegionTiming;
}

/** What the logs say of one shard, for its last segment in `stored.lineage`. */
export interface ShardView {
  /**
   * The owner's log (the own one if this region owns the shard, else the mirror of it), as far as read. Undefined: the history is not
   * read up to the segment's base here, or the shard stands still. A segment that its owner has not opened yet is at its base.
   */
  readonly log: { readonly acceptedSeq: number; readonly closedAt: number | undefined } | undefined;
  /**
   * Highest seq of a receipt *of the last segment's own term* in the `receipts` log of `segment.mirror` (the own one or its mirror),
   * before the first cut of a later term. Undefined: none. It may lie below the segment's base only in a damaged log.
   * `ReceiptsFold` computes it.
   */
  readonly receiptedSeq: number | undefined;
}

/** What is known of another region. */
export interface PeerView {
  /** Whether a key of one of its agents stands in etcd; `unknown`: etcd does not say. */
  readonly lease: 'held' | 'gone' | 'unknown';
  /** How long `lease` has been what it is. */
  readonly leaseForMs: number;
  /** Since the last new record of its `receipts` log came through the mirror (or since this agent began to look). */
  readonly silentForMs: number;
  /**
   * For how long commits of shards owned here have waited for receipts of this peer, and nothing of any shard that it mirrors has settled by
   * them meanwhile: a slow mirror starts it anew with each receipt that brings something. 0 when none waits.
   */
  readonly oldestUnsettledMs: number;
  /**
   * From its leading agent's signal in etcd: it has read the newest lineage and follows all logs closely, and has offered again what
   * of its stranded commits came from outside. False without a signal.
   */
  readonly caughtUp: boolean;
  readonly strandedOffered: boolean;
}

export interface SelfView {
  /** Since own Kafka last answered. */
  readonly kafkaSilentForMs: number;
  /** How long this region has not been serving clients; 0 while it serves. What an evacuation drains by. */
  readonly notServingForMs: number;
  /** A person has asked for a promotion that etcd could not take: nothing is decided before the wish stands there. */
  readonly promotionAnnounced: boolean;
}

export interface Wishes {
  /** Regions that somebody wants empty of work (etcd's wishes). They go on mirroring. */
  readonly evacuated: readonly Region[];
  /**
   * Somebody has stated that the others are down and accepts what may be lost; `overTerm`: the lineage's term when it was asked, by
   * the survivor's own etcd, by then a cluster of one. Fulfilled when the term is higher by `promotionTermJump` and the status is solo here.
   */
  readonly promote: { readonly overTerm: number } | undefined;
}

/** What a step belongs to, for the history and the status page. */
export type Procedure = 'none' | 'takeover' | 'promote' | 'return' | 'fall-back' | 'handoff' | 'evacuation' | 're-open';

/**
 * The one thing to do next. After it, also after a failure or a doubtful outcome, the agent looks anew; it never goes on from memory.
 * `because` is in plain words with their numbers, for people.
 */
export type Step =
  | {
      readonly step: 'rest';
      readonly procedure: Procedure;
      readonly because: string;
      /** Nothing will change by itself: a person must decide. */
      readonly awaitsPerson: boolean;
    }
  /** Compare-and-swap of the claim with `expectedRevision`. The claim counts when a later round reads it. */
  | {
      readonly step: 'claim';
      readonly procedure: 'takeover' | 'promote';
      readonly because: string;
      readonly expectedRevision: number;
      readonly lineage: Lineage;
    }
  /** In the own `receipts` log: receipts for all that the ledger may say now, then cut(term), in this order; then read back. */
  | { readonly step: 'cut'; readonly procedure: 'takeover' | 'promote'; readonly because: string; readonly term: number }
  /** In the own log of each shard: close of `term`; then read back. The shards are owned here. */
  | {
      readonly step: 'close';
      readonly procedure: Procedure;
      readonly because: string;
      readonly shards: readonly { readonly shard: ShardId; readonly term: number }[];
    }
  /** Compare-and-swap of the lineage with `expectedRevision`. */
  | {
      readonly step: 'swap';
      readonly procedure: Procedure;
      readonly because: string;
      readonly expectedRevision: number;
      readonly lineage: Lineage;
      /** The segments that it adds, by shard: what changes for writers. */
      readonly added: ReadonlyMap<ShardId, Segment>;
    };
