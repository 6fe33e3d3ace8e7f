import type { Region, Segment } from '#contracts';

/**
 * The lineage filter: which records of which log can be history at all. History of segment i are the accepted commits in the log of
 * its owner, under its term, with base i < seq <= base i+1 (no upper bound for the last segment).
 */
export type Place =
  | { readonly kind: 'segment'; readonly index: number }
  /** The lineage known here does not reach this term: wait. */
  | { readonly kind: 'not-yet-known' }
  /** The lineage has passed this term without a segment of it, or another region owns the segment: void for ever. */
  | { readonly kind: 'no-history'; readonly reason: string };

const notYetKnown: Place = { kind: 'not-yet-known' };
const noSegment: Place = { kind: 'no-history', reason: 'the lineage has no segment of its term' };
const otherOwner: Place = { kind: 'no-history', reason: 'it does not stand in the log of its segment’s owner' };

/** Where a record of `term` that stands in `log` belongs. */
export function placeOf(segments: readonly Segment[], log: Region, term: number): Place {
  const last = segments.at(-1);
  if (last === undefined || term > last.term) return notYetKnown;
  // From the end: nearly every record is of the last segment.
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index]!;
    if (segment.term < term) break;
    if (segment.term === term) return segment.owner === log ? { kind: 'segment', index } : otherOwner;
  }
  return noSegment;
}

/** Whether an accepted commit of segment `index` is history, or stranded past the next segment's base. */
export function isHistory(segments: readonly Segment[], index: number, seq: number): boolean {
  const next = segments[index + 1];
  return next === undefined || seq <= next.base;
}

export type Growth = { readonly kind: 'older' | 'newer' } | { readonly kind: 'contradiction'; readonly reason: string };

const same = (a: Segment, b: Segment): boolean =>
  a.term === b.term && a.owner === b.owner && a.base === b.base && a.mode === b.mode && a.mirror === b.mirror;

/** Whether `offered` says more than `known`. A lineage only ever grows at its end. */
export function growthOf(known: readonly Segment[], offered: readonly Segment[]): Growth {
  for (let index = 0; index < Math.min(known.length, offered.length); index++)
    if (!same(known[index]!, offered[index]!)) return { kind: 'contradiction', reason: `segment ${index} of the lineage was rewritten` };
  if (offered.length <= known.length) return { kind: 'older' };
  for (let index = 1; index < offered.length; index++) {
    if (offered[index]!.term <= offered[index - 1]!.term) return { kind: 'contradiction', reason: 'the terms of the lineage do not rise' };
    if (offered[index]!.base < offered[index - 1]!.base) return { kind: 'contradiction', reason: 'the bases of the lineage fall' };
  }
  return { kind: 'newer' };
}
