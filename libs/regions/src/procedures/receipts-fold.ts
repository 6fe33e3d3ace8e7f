import type { Region, Segment, ShardId } from '#contracts';

/** A record of a `receipts` topic, as far as it matters here. */
export type ReceiptsLogRecord =
  | { readonly kind: 'receipts'; readonly receipts: readonly { readonly shard: ShardId; readonly term: number; readonly seq: number }[] }
  | { readonly kind: 'cut'; readonly term: number };

export interface StoredReceiptsFold {
  /** 0: none. */
  readonly cut: number;
  /** By shard: pairs of term and seq. */
  readonly highest: Readonly<Record<ShardId, readonly (readonly [term: number, seq: number])[]>>;
}

/**
 * One region's `receipts` log, folded in its order: per shard and term the highest receipt before the first cut of a later term.
 *
 * What stands in the log when the fold has read it to its end is all that can ever count for terms before its highest cut. Records
 * that come again (a mirror that rewinds) change nothing. Bounded: of each shard only the newest terms are kept.
 */
export class ReceiptsFold {
  readonly region: Region;
  #cut = 0;
  readonly #highest = new Map<ShardId, Map<number, number>>();

  constructor(region: Region, stored?: StoredReceiptsFold) {
    this.region = region;
    if (stored === undefined) return;
    this.#cut = stored.cut;
    for (const [shard, terms] of Object.entries(stored.highest)) this.#highest.set(shard as ShardId, new Map(terms));
  }

  /** Plain JSON: with it and the rest of the log, the fold goes on where it was. */
  stored(): StoredReceiptsFold {
    return { cut: this.#cut, highest: Object.fromEntries([...this.#highest].map(([shard, terms]) => [shard, [...terms]])) };
  }

  take(record: ReceiptsLogRecord): void {
    if (record.kind === 'cut') {
      this.#cut = Math.max(this.#cut, record.term);
      return;
    }
    for (const { shard, term, seq } of record.receipts) {
      if (term < this.#cut) continue; // a cut of a later term stands before it
      const terms = this.#highest.get(shard) ?? new Map<number, number>();
      terms.set(term, Math.max(seq, terms.get(term) ?? 0));
      if (terms.size > termsKept) terms.delete(Math.min(...terms.keys()));
      this.#highest.set(shard, terms);
    }
  }

  /** The highest cut, or undefined when there is none. */
  get cut(): number | undefined {
    return this.#cut === 0 ? undefined : this.#cut;
  }

  /** What counts for a shard's last segment, if this region is its mirror. */
  highest(shard: ShardId, segment: Segment): number | undefined {
    return segment.mirror === this.region ? this.#highest.get(shard)?.get(segment.term) : undefined;
  }
}

/** Receipts come for the newest term; those of the one before may come late. */
const termsKept = 8;
