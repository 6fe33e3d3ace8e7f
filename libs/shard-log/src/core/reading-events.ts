import type { Region } from '#contracts';
import type { LogCursor } from './cursor.ts';
import type { Commit, Fence, Position, Receipt, ShardRecord } from './records.ts';
import type { StoredReceipts } from './settled.ts';

/** What a reader is told of one shard, in this order of causes: accepted before settled or stranded. */
export type ReadingEvent =
  /** The cursor let it through, and it stands in its owner's log under a known segment, in history order. Not yet to be shown. */
  | { readonly type: 'accepted'; readonly commit: Commit; readonly position: Position }
  /** No change of owner can undo it. In order of seq, without gap, each once. */
  | { readonly type: 'settled'; readonly commit: Commit; readonly position: Position; readonly durability: 'global' | 'regional' }
  /**
   * Written, never settled, past the next segment's base: nobody was told of it. `wasAccepted`: this reading had let it through before
   * it learnt of the next segment, so who folds what is accepted must take it back.
   */
  | { readonly type: 'stranded'; readonly commit: Commit; readonly position: Position; readonly wasAccepted: boolean }
  /** Every fence gives one such event; a fence that comes again after it was accepted is void. */
  | { readonly type: 'fence'; readonly fence: Fence; readonly position: Position; readonly verdict: 'accepted' | 'void' }
  /** A commit or close that counts for nothing, duplicates included. */
  | { readonly type: 'void'; readonly record: ShardRecord; readonly position: Position; readonly reason: string }
  /** The owner has ended the term in its log, at this seq. */
  | { readonly type: 'closed'; readonly term: number; readonly seq: number }
  /** Data was lost or the lineage contradicts itself: afterwards this shard yields nothing, and somebody must decide. */
  | { readonly type: 'stopped'; readonly reason: string; readonly position: Position | undefined }
  /**
   * A lineage learnt later has shown that nothing which counts was lost, or the log that had lost something is there anew: the shard goes on
   * as if it had never stopped.
   */
  | { readonly type: 'resumed'; readonly after: string }
  /** Too much of this log waits in memory: pause it until `released`. */
  | { readonly type: 'held'; readonly log: Region }
  | { readonly type: 'released'; readonly log: Region };

/** Where a reading goes on after a restart. Plain JSON, opaque to whoever stores it. */
export interface ShardResume {
  readonly version: 1;
  /** Term of the segment that was being read; 0 before the lineage was known. */
  readonly atTerm: number;
  readonly settledSeq: number;
  readonly cursors: Readonly<Record<string, LogCursor>>;
  readonly receipts: StoredReceipts;
}

export interface ReadingLimits {
  /** Records per log that wait for an earlier segment or for the lineage, before the log is held back. */
  readonly heldMax: number;
  /** Accepted commits that wait for receipts, before the log is held back. */
  readonly pendingMax: number;
}

export const readingLimits: ReadingLimits = { heldMax: 2_000, pendingMax: 10_000 };

/** Whether a receipt says more than the cursor has read of its term. */
export function isAhead(receipt: Receipt, cursor: LogCursor): boolean {
  if (receipt.generation !== cursor.generation) return receipt.generation > cursor.generation;
  return receipt.seq > cursor.seq || receipt.writer !== cursor.writer;
}
