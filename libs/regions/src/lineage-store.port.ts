import type { Lineage } from '#contracts';

/**
 * Where the lineage is kept: one key, changed only by compare-and-swap. Two adapters pass one contract suite: `etcd/`, `in-memory/`.
 *
 * Every call ends within its deadline. A change whose answer is lost is `unknown`: it may have happened, and may still happen;
 * `swapAndReadBack` resolves it (TRACES 14 and 20).
 */
export interface StoredLineage {
  readonly lineage: Lineage;
  /** etcd's mod revision: rises with every change, never repeats. */
  readonly revision: number;
}

export type SwapOutcome =
  | { readonly outcome: 'stored'; readonly revision: number }
  /** Another change came first: `current` is what stands there now. */
  | { readonly outcome: 'conflict'; readonly current: StoredLineage | undefined }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** The store did not answer a read within the deadline, or not sensibly. */
export class LineageUnavailableError extends Error {
  override readonly name = 'LineageUnavailableError';
}

export interface LineageWatch {
  close(): Promise<void>;
}

export interface LineageStore {
  /** The newest state that a majority of the store agrees on. @throws LineageUnavailableError */
  read(): Promise<StoredLineage | undefined>;
  /** Stores the first lineage; a conflict when there is one already. */
  create(lineage: Lineage): Promise<SwapOutcome>;
  /** Replaces the state that was read at `revision`. */
  compareAndSwap(revision: number, lineage: Lineage): Promise<SwapOutcome>;
  /**
   * Tells the present state, if there is one, and every later one that it sees, in order of revision; it may skip states that were
   * replaced while it was disconnected. Errors are told and the watch goes on until it is closed.
   */
  watch(onChange: (stored: StoredLineage) => void, onError: (error: Error) => void): LineageWatch;
  close(): Promise<void>;
}
