import type { ShardId } from '#contracts';
import type { Commit } from './core/records.ts';

/** What an answer or a projection may rely on: settled in a paired segment, or in a solo one. */
export type SettledDurability = 'global' | 'regional';

/** A commit of the history that no change of owner can undo. Its body is still text: who understands its events decodes it. */
export interface SettledCommit {
  readonly commit: Commit;
  readonly durability: SettledDurability;
  /** Where the record stands in this region's cluster (for `parked` and for people). */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Everything that a reader needs to go on where it was: next offsets, and per shard the cursor and what is known of its receipts.
 * Plain JSON, opaque to whoever stores it; stored in one transaction with what was computed from the commits before it.
 */
export interface FeedCheckpoint {
  readonly version: 1;
  /** Next offset to read, by `topic:partition` as named in this region's cluster. */
  readonly offsets: Readonly<Record<string, number>>;
  /** Topic ids, by topic name: a mirror whose id has changed was recreated and is read from 0; what was settled is not yielded again. */
  readonly topicIds: Readonly<Record<string, string>>;
  readonly shards: Readonly<Record<ShardId, unknown>>;
  /** The newest lineage that was applied, or null before the first. */
  readonly lineage: unknown;
}

export interface SettledBatch {
  /** Per shard in order of seq, without gap and without repetition since the checkpoint that the feed started from. */
  readonly commits: readonly SettledCommit[];
  readonly checkpoint: FeedCheckpoint;
  /** Seq of the newest settled commit of every shard that moved in this batch. */
  readonly moved: Readonly<Record<ShardId, number>>;
  /** When the oldest of the records whose reading brought this batch was appended, by the clock of who did: milliseconds since the epoch. Absent: not known. */
  readonly oldestMs?: number;
}

export interface SettledFeed {
  /** Shards that stand still, with the reason: data was lost, and somebody must decide. */
  stoppedShards(): ReadonlyMap<ShardId, string>;
  close(): Promise<void>;
}
