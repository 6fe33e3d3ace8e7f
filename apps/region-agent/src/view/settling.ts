import type { Region, Segment, ShardId } from '#contracts';
import { Since } from './since.ts';

export interface WaitingShard {
  readonly shard: ShardId;
  readonly last: Segment;
  readonly settledSeq: number;
}

/** A shard that is owned here: what its mirror has receipted of its last segment. */
export interface ReceiptedShard {
  readonly shard: ShardId;
  readonly last: Segment;
  readonly receiptedSeq: number | undefined;
}

/**
 * Whether commits settle by a mirror's receipts, whatever else comes from that region. One shard that stands still does not count while its
 * neighbours move; one that begins to wait does not hide those that have waited long.
 */
export class Settling {
  readonly #waiting = new Map<ShardId, Since>();
  readonly #receipted = new Map<ShardId, { readonly term: number; readonly seq: number }>();
  readonly #progressMs = new Map<Region, number>();

  /** By the region whose receipts are waited for: for how long any shard has waited, and nothing at all has settled. */
  note(waiting: readonly WaitingShard[], owned: readonly ReceiptedShard[], atMs: number): ReadonlyMap<Region, number> {
    this.#noteProgress(owned, atMs);
    for (const shard of this.#waiting.keys()) if (!waiting.some((wait) => wait.shard === shard)) this.#waiting.delete(shard);
    const unsettled = new Map<Region, number>();
    for (const { shard, last, settledSeq } of waiting) {
      const since = this.#waiting.get(shard) ?? new Since();
      this.#waiting.set(shard, since);
      const waitsMs = since.note(`${last.term}:${settledSeq}`, atMs);
      const stillMs = atMs - (this.#progressMs.get(last.mirror) ?? -Infinity);
      unsettled.set(last.mirror, Math.max(unsettled.get(last.mirror) ?? 0, Math.min(waitsMs, stillMs)));
    }
    return unsettled;
  }

  /** That a new segment's base is reached brings nothing: it can be said without the mirror. */
  #noteProgress(owned: readonly ReceiptedShard[], atMs: number): void {
    for (const { shard, last, receiptedSeq } of owned) {
      const before = this.#receipted.get(shard);
      const seq = Math.max(last.base, receiptedSeq ?? 0);
      if (before !== undefined && seq > (before.term === last.term ? before.seq : last.base)) this.#progressMs.set(last.mirror, atMs);
      this.#receipted.set(shard, { term: last.term, seq });
    }
  }
}
