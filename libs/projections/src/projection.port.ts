import type { EventCatalogue, ShardId } from '#contracts';
import type { Decider } from '#kernel';
import type { FeedCheckpoint, SettledBatch, SettledFeed } from '#shard-log';
import type { ColumnType } from './core/columns.ts';

/** A statement that its connection remembers by name; `prepared` gives the name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** What a projection does inside a transaction; rows come back as objects, bigint as text. Queries may overlap: they run in order. */
export interface Tx {
  query(
    statement: string | PreparedStatement,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Record<string, unknown>[]; readonly rowCount: number | null }>;
  /** Of a rebuild only: whole rows are read from it and written to it, and nothing else is asked. */
  readonly memory?: RowMemory;
}

/** By column name. */
export type Row = Readonly<Record<string, unknown>>;

export interface RowTable {
  readonly table: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly key: readonly string[];
}

/** Rows that are stored later, all at once. */
export interface RowMemory {
  /** The rows with these keys, in no order, wherever they are; those that do not exist are missing. */
  find(of: RowTable, keys: readonly Row[]): Promise<readonly Row[]>;
  /** Keys are distinct within one call. `areNew`: they were not found, or not looked for. */
  put(of: RowTable, rows: readonly Row[], areNew: boolean): void;
}

/** One event of a settled commit, decoded: `index` counts the events inside the commit from 0. */
export interface SettledEvent<Event> {
  readonly shard: ShardId;
  readonly seq: number;
  readonly index: number;
  readonly event: Event;
}

export interface ProjectedTable {
  readonly table: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
}

/**
 * Tables computed from the settled events of one service. `apply` runs inside the transaction that also stores the checkpoint, so
 * each event reaches it exactly once. The same events give the same rows in every region, however they are split into batches:
 * no clock, no chance, no serial id, no table of another projection: the projections of one projector apply a batch side by side.
 */
export interface Projection<Event> {
  readonly name: string;
  /** Raised when the same events shall give other rows: the projector then rebuilds. */
  readonly version: number;
  readonly tables: readonly ProjectedTable[];
  /** Per shard in order of seq. Ends only when all that it asked is answered, also when it fails. May keep rows in memory between batches, for each writer its own, until `forget`. */
  apply(batch: readonly SettledEvent<Event>[], tx: Tx, writer: object): Promise<void>;
  /** The writer's transaction was undone, or it begins anew: drop all that was remembered for it. */
  forget(writer: object): void;
}

/** How a service's events are folded into the states of its streams: a part of its decider. */
export interface StreamFold<Event, State> extends Pick<
  Decider<never, Event, State, never>,
  'streamsChangedBy' | 'initialState' | 'evolve'
> {
  /** Version of the shape of `State` as JSON. Raised with it: projector and writers then ignore what was stored under another. */
  readonly stateVersion: number;
}

/** A record of an events topic whose headers cannot be read: it belongs to no shard and blocks nothing. */
export interface UnreadableRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly value: string | null;
}

export interface FeedHandlers {
  /** Resolves when the batch is taken into memory. A rejection stops the feed. */
  onBatch(batch: SettledBatch): Promise<void>;
  /** Before the first batch whose checkpoint lies behind the record. May repeat after a restart. */
  onUnreadable(record: UnreadableRecord): void;
  /** How long the feed is to rest after a fetch that brought so many records, in milliseconds. */
  restMs(records: number): number;
  onStopped(error: Error): void;
}

export interface ProjectorFeed extends SettledFeed {
  /** Next offset to read, for reports of lag. */
  nextOffset?(topic: string, partition: number): number | undefined;
}

/** Opens the settled commits of the projector's service from a checkpoint, or from the start of the logs. */
export type OpenFeed = (from: FeedCheckpoint | undefined, handlers: FeedHandlers) => Promise<ProjectorFeed>;

/** What the projector tells people: a line in the log, never a decision. */
export interface ProjectorLog {
  info(about: Readonly<Record<string, unknown>>, message: string): void;
  warn(about: Readonly<Record<string, unknown>>, message: string): void;
}

/** All that makes one service's projector, apart from where it runs. */
export interface ProjectorDefinition<Event extends { readonly type: string }, State> {
  /** Key of the checkpoint and of the lock. One projector per schema: progress and parked records of a schema are its own. */
  readonly name: string;
  readonly catalogue: Pick<EventCatalogue<Event>, 'decode'>;
  /** Undefined for a reader that is nobody's starting point: a process manager. */
  readonly streams: StreamFold<Event, State> | undefined;
  readonly projections: readonly Projection<Event>[];
}
