import type { CommandId, Region, ShardId } from '#contracts';

/** Names one opening of a shard by one writer: unique for ever, so that a writer knows its own fence by it. */
export type WriterId = string;

/** The record with which a writer opens a shard: it continues from seq `base`. */
export interface Fence {
  readonly kind: 'fence';
  readonly shard: ShardId;
  readonly term: number;
  readonly generation: number;
  readonly writer: WriterId;
  readonly base: number;
}

/** The 1..n events of one decision, in one Kafka record. */
export interface Commit {
  readonly kind: 'commit';
  readonly shard: ShardId;
  readonly term: number;
  readonly generation: number;
  readonly writer: WriterId;
  readonly seq: number;
  /** Id of the command that was decided: the cause. */
  readonly cause: CommandId;
  /** Id of the order or operation that the whole chain serves. */
  readonly correlation: string;
  /** W3C trace context of the decision, or empty. */
  readonly traceparent: string;
  /** Ids of the streams that the events change: what a parked commit blocks. */
  readonly streams: readonly string[];
  /** The events as stored: JSON text `{"events":[{type,schemaVersion,data}, …]}`. Parsed by the reader, never by the cursor. */
  readonly body: string;
}

/** The record with which an owner ends a term in its own log. */
export interface Close {
  readonly kind: 'close';
  readonly shard: ShardId;
  readonly term: number;
}

export type ShardRecord = Fence | Commit | Close;

/** "This region has accepted the shard up to (term, generation, writer, seq)". `writer` is null for (t, 0, nobody, base). */
export interface Receipt {
  readonly shard: ShardId;
  readonly term: number;
  readonly generation: number;
  readonly writer: WriterId | null;
  readonly seq: number;
}

/** One record of a `receipts` topic: receipts of all shards that moved, or a cut. */
export type ReceiptsRecord =
  | { readonly kind: 'receipts'; readonly by: Region; readonly receipts: readonly Receipt[] }
  | { readonly kind: 'cut'; readonly by: Region; readonly term: number };

/** Where a record stands: in the log of region `log` (its own topic or the mirror of it), at this offset. */
export interface Position {
  readonly log: Region;
  readonly offset: number;
}
