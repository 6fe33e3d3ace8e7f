import type { Asked, Completion, HistoryRecorder } from '#checkers';
import type { Region, Sku } from '#contracts';
import type { SeededRandom, Shop } from '#test-kit';

/** One attempt, for the plots: what was asked, when, and how it ended. */
export interface Attempt {
  readonly asked: Asked['kind'];
  /** Of the customer who asked. */
  readonly home: Region;
  /** Milliseconds since the load began. */
  readonly startMs: number;
  readonly endMs: number;
  readonly completion: Completion;
}

/** What the sessions of one load share. */
export interface LoadContext {
  readonly shop: Shop;
  readonly regions: readonly Region[];
  readonly recorder: HistoryRecorder;
  /** Monotonic, since the load began. */
  readonly nowMs: () => number;
  readonly attempts: Attempt[];
  readonly random: SeededRandom;
  /** Aborted when the load is over: a session ends what it has begun, and begins nothing more. */
  readonly over: AbortSignal;
  readonly goods: Goods;
}

export interface Goods {
  /** More units of each than any load wants. */
  readonly plenty: readonly [Sku, ...Sku[]];
  /** Fewer than are wanted, in unequal pools. */
  readonly scarce: Sku;
}
