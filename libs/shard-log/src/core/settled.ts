import type { Region, Segment } from '#contracts';
import { assert } from '#kernel';
import type { Commit, Receipt, ReceiptsRecord } from './records.ts';

/**
 * The settled rule's receipts: what the mirroring regions say they have accepted of one shard.
 *
 * A receipt (term, g, w, n) settles a commit of its own term, written in the `receipts` log of the segment's mirror before any cut
 * of a later term, if n >= seq and (g > generation, or g = generation and w = writer). Kept is only what can still settle something:
 * of each region and term those receipts that no other covers (one or two, in practice), and the highest of all.
 */
interface Kept {
  readonly by: Region;
  readonly term: number;
  /** None of them covers another. */
  front: readonly Receipt[];
  highest: Receipt;
}

/** Plain JSON. */
export interface StoredReceipts {
  readonly cuts: Readonly<Record<Region, number>>;
  readonly kept: readonly { readonly by: Region; readonly front: readonly StoredReceipt[]; readonly highest: StoredReceipt }[];
}
type StoredReceipt = Receipt;

const settles = (receipt: Receipt, commit: Commit): boolean =>
  receipt.seq >= commit.seq &&
  (receipt.generation > commit.generation || (receipt.generation === commit.generation && receipt.writer === commit.writer));

/** Whether `a` settles all that `b` settles. */
const covers = (a: Receipt, b: Receipt): boolean =>
  a.seq >= b.seq && (a.generation > b.generation || (a.generation === b.generation && a.writer === b.writer));

const isHigher = (a: Receipt, b: Receipt): boolean => a.generation > b.generation || (a.generation === b.generation && a.seq > b.seq);

export class ReceiptBook {
  readonly #cuts = new Map<Region, number>();
  #kept: Kept[] = [];

  constructor(stored?: StoredReceipts) {
    if (stored === undefined) return;
    for (const [by, term] of Object.entries(stored.cuts)) this.#cuts.set(by as Region, term);
    this.#kept = stored.kept.map((kept) => ({ ...kept, term: kept.highest.term }));
  }

  /** Takes down a receipt of this shard. Records of one region's `receipts` log come in its order. */
  add(by: Region, receipt: Receipt): void {
    if (receipt.term < (this.#cuts.get(by) ?? 0)) return; // after the cut, older terms count no more
    const kept = this.#of(by, receipt.term);
    if (kept === undefined) {
      this.#kept.push({ by, term: receipt.term, front: [receipt], highest: receipt });
      return;
    }
    if (isHigher(receipt, kept.highest)) kept.highest = receipt;
    if (kept.front.some((other) => covers(other, receipt))) return;
    kept.front = [...kept.front.filter((other) => !covers(receipt, other)), receipt];
  }

  /** From here on, receipts by this region for terms before `term` count no more; those before the cut still do. */
  cut(by: Region, term: number): void {
    if (term > (this.#cuts.get(by) ?? 0)) this.#cuts.set(by, term);
  }

  /** Whether a receipt settles this commit of the given segment. */
  settles(segment: Segment, commit: Commit): boolean {
    return this.#of(segment.mirror, segment.term)?.front.some((receipt) => settles(receipt, commit)) ?? false;
  }

  /** The highest receipt that counts for the segment, whether its commits were read here or not. */
  highest(segment: Segment): Receipt | undefined {
    return this.#of(segment.mirror, segment.term)?.highest;
  }

  /** Forgets terms before `term`: all their history is settled by its later segment. */
  forgetBefore(term: number): void {
    if (this.#kept.some((kept) => kept.term < term)) this.#kept = this.#kept.filter((kept) => kept.term >= term);
  }

  stored(): StoredReceipts {
    return {
      cuts: Object.fromEntries(this.#cuts),
      kept: this.#kept.map(({ by, front, highest }) => ({ by, front, highest })),
    };
  }

  #of(by: Region, term: number): Kept | undefined {
    return this.#kept.find((kept) => kept.term === term && kept.by === by);
  }
}

/**
 * What a settled commit of segment `index` proves. `global` only when it is known to stand in both regions: a receipt of its own term says so;
 * or its paired segment has a successor of another owner, who has read up to its base. An owner that closes its own paired term and goes on,
 * alone or paired, settles commits that no other region may have seen: the mirror of the next segment reads up to its base only then.
 * Understated where the receipt is not known any more, never overstated.
 */
export function durabilityOf(segments: readonly Segment[], index: number, isReceipted: boolean): 'global' | 'regional' {
  const [segment, next] = [segments[index], segments[index + 1]];
  assert(segment !== undefined, 'a settled commit has its segment');
  if (segment.mode === 'solo') return 'regional';
  if (isReceipted || next === undefined) return 'global'; // in the last segment, if paired, only a receipt settles
  return next.owner !== segment.owner ? 'global' : 'regional';
}

/** Applies one record of region `by`'s `receipts` log to a shard's book. */
export function applyReceipts(book: ReceiptBook, shard: Receipt['shard'], by: Region, record: ReceiptsRecord): void {
  if (record.kind === 'cut') book.cut(by, record.term);
  else for (const receipt of record.receipts) if (receipt.shard === shard) book.add(by, receipt);
}
