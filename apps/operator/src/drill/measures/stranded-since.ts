import type { Region, StrandedCommit } from '#contracts';

export type StrandedThere = StrandedCommit & { readonly region: Region };

/** Those that were not listed before: agents list what was stranded ever since their log began. */
export function strandedSince(before: readonly StrandedThere[], now: readonly StrandedThere[]): readonly StrandedThere[] {
  const placeOf = ({ region, shard, term, seq, commandId }: StrandedThere): string => [region, shard, term, seq, commandId].join(' ');
  const known = new Set(before.map(placeOf));
  return now.filter((commit) => !known.has(placeOf(commit)));
}
