import type { Segment } from '#contracts';
import { durabilityOf } from '../core/settled.ts';
import type { SettledDurability } from '../settled-feed.port.ts';

/** Undefined while it is open. */
export type Fate = SettledDurability | 'stranded' | undefined;

/**
 * What has become of a decision that was made in `term` and rests on `seq`, in a shard with this lineage that is settled up to `settledSeq`.
 * Of what settled through a later segment it is not known any more whether a receipt was there before: what that segment proves is said.
 */
export function fateOf(segments: readonly Segment[], settledSeq: number | undefined, term: number, seq: number): Fate {
  const decidedIn = segments.findIndex((segment) => segment.term === term);
  const next = decidedIn < 0 ? undefined : segments[decidedIn + 1];
  if (next !== undefined && next.base < seq) return 'stranded';
  if (segments.length === 0 || settledSeq === undefined || settledSeq < seq) return undefined;
  const index = segments.findLastIndex(({ base }) => base < seq);
  return durabilityOf(segments, index < 0 ? segments.length - 1 : index, false); // what rests on no commit stands wherever the shard does
}
