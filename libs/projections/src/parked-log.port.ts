import type { ParkedRecord } from './postgres/parked-table.ts';

/**
 * What is said of parked records in the region's log, where it outlives the tables: that they are parked, and that somebody decided to go on
 * without one. Each reader of a topic parks for itself, so ids are those of one reader.
 */
export interface ParkedLog {
  /** Told again of a record whose announcement is in doubt. */
  announce(records: readonly ParkedRecord[]): Promise<void>;
  /** The decision is for good: tables that are made anew go on without the record at once. Resolves when it stands in the log. */
  skip(id: string): Promise<void>;
  /** Ids that were decided about up to now. */
  skipped(): Promise<ReadonlySet<string>>;
}
