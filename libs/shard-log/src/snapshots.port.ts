import type { ShardId } from '#contracts';
import type { FeedCheckpoint } from './settled-feed.port.ts';

export interface StoredStream {
  readonly streamId: string;
  /** Seq of the newest commit folded into `state`. */
  readonly seq: number;
  readonly state: unknown;
}

export interface LoadedStreams {
  /** The shard's seq up to which the stored streams are complete: a stream that is not among them has no event up to here. */
  readonly persistedSeq: number;
  readonly streams: readonly StoredStream[];
  /** Those of the asked streams that a parked record blocks. */
  readonly blocked: readonly string[];
}

/** The settled state of every shard as the region's projector keeps it: where a writer starts from. Read in one SQL snapshot. */
export interface Snapshots {
  /** Where the projector stands, or undefined when it has stored nothing: then the log is read from the start. */
  checkpoint(): Promise<FeedCheckpoint | undefined>;
  load(shard: ShardId, streamIds: readonly string[]): Promise<LoadedStreams>;
}
