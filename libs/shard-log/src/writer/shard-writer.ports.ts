import type { CommandEnvelope, Region, Reply, Segment, ShardId } from '#contracts';
import type { Decider } from '#kernel';
import type { LogCursor } from '../core/cursor.ts';
import type { Receipt, ShardRecord } from '../core/records.ts';
import type { LoadedStreams } from '../snapshots.port.ts';
import type { StreamCache } from './stream-cache.ts';

/** What the writer of one shard needs of its surroundings. */
export interface ShardWriterPorts<Command, Event, State, Refusal> {
  readonly shard: ShardId;
  readonly here: Region;
  readonly decider: Decider<Command, Event, State, Refusal>;
  readonly cache: StreamCache<Event, State>;
  /** What the one reader of this process knows of the shard. */
  readonly reading: {
    /** A receipt of the last segment that says more than this process has read of it. */
    readonly receiptAhead: Receipt | undefined;
    readonly cursor: LogCursor;
    readonly lastSegment: Segment | undefined;
    readonly stopped: string | undefined;
  };
  /** @throws DoubtfulAppendError, RefusedAppendError */
  append(records: readonly ShardRecord[]): Promise<unknown>;
  encode(events: readonly Event[]): string;
  load(streamIds: readonly string[]): Promise<LoadedStreams>;
  /** Resolves when all that stood in the shard's log at the call has been read. */
  caughtUp(): Promise<void>;
  /** The log's end was reached once: what is unread came since. */
  isFollowed(): boolean;
  answer(replies: readonly Reply[]): void;
  /** A commit that this writer appended, under whichever of its fences, was read back as accepted. */
  wrote(seq: number, events: readonly Event[]): void;
  /** A command that nobody waits for was not accepted. Its offset is passed, so this trace is all that remains of it. */
  cameToNothing(envelope: CommandEnvelope, result: Exclude<Reply['result'], { outcome: 'accepted' }>): void;
  /** Something an operator should read. `error` when the shard stands still until somebody acts. */
  report(level: 'info' | 'warn' | 'error', message: string, details: Readonly<Record<string, unknown>>): void;
}

export interface ShardWriterLimits {
  readonly commandsPerBatchMax: number;
  /** Of the commands' stored size: the events are of the same order, and Kafka's limit is far above. */
  readonly bytesPerBatchMax: number;
  readonly queuedMax: number;
  /** How long a full queue holds up the commands of other shards before it turns its own away. */
  readonly roomTimeoutMs: number;
  /** How long commands wait for an owner while the shard has none: a handoff takes less, a takeover may take more. */
  readonly withoutOwnerMs: number;
  readonly readBackTimeoutMs: number;
  readonly retryDelayMs: number;
  /** After another writer opened the shard: longer than a heartbeat takes to tell that the partition is gone, lest the two duel. */
  readonly overtakenDelayMs: number;
}

export const defaultWriterLimits: ShardWriterLimits = {
  commandsPerBatchMax: 500,
  bytesPerBatchMax: 2_000_000,
  queuedMax: 5_000,
  roomTimeoutMs: 2_000,
  withoutOwnerMs: 5_000,
  readBackTimeoutMs: 10_000,
  retryDelayMs: 200,
  overtakenDelayMs: 1_000,
};
