import type { Lineage, Segment } from '#contracts';

const promotionJump = 1_000_000; // a person's promotion, with no majority to ask

/**
 * Which lineage may follow which. Pure; asked before every swap, so that a wrong computation never reaches etcd.
 *
 * The term rises with every change. Only the swap that ends a takeover keeps its claim's term. What is history stays: a shard's
 * segments are only added to, with a higher term and a base that is not lower.
 */
export function illegalSteps(before: Lineage, after: Lineage): readonly string[] {
  const endsItsClaim =
    before.status.status === 'claimed' &&
    after.status.status === 'solo' &&
    before.status.term === after.term &&
    before.status.region === after.status.region;
  const wrong: string[] = [];
  if (endsItsClaim ? after.term !== before.term : after.term <= before.term)
    wrong.push(`the term does not rise: ${before.term} to ${after.term}`);
  if (after.status.status === 'claimed' && after.status.term !== after.term)
    wrong.push(`a claim of term ${after.status.term} in a lineage of term ${after.term}`);
  const overClaim = before.status.status === 'claimed' && after.status.status === 'solo' && !endsItsClaim;
  if (overClaim && after.term - before.term < promotionJump)
    wrong.push('a takeover ends with the term and region of its claim, or starts with a claim');
  for (const shard of Object.keys(before.shards)) if (after.shards[shard] === undefined) wrong.push(`${shard} is gone`);
  for (const [shard, segments] of Object.entries(after.shards)) {
    wrong.push(...illegalSegments(segments, after.term).map((reason) => `${shard}: ${reason}`));
    const known = before.shards[shard] ?? [];
    if (!known.every((segment, index) => sameSegment(segment, segments[index]))) wrong.push(`${shard}: a segment of the past was changed`);
    for (const added of segments.slice(known.length))
      if (known.length > 0 && added.term !== after.term)
        wrong.push(`${shard}: a new segment of term ${added.term} in a lineage of term ${after.term}`);
  }
  return wrong;
}

/** What no lineage may hold, whatever was before. */
function illegalSegments(segments: readonly Segment[], term: number): readonly string[] {
  const wrong: string[] = [];
  segments.forEach((segment, index) => {
    const previous = segments[index - 1];
    if (segment.term > term) wrong.push(`segment of term ${segment.term} above the lineage's ${term}`);
    if (segment.mode === 'paired' && segment.mirror === segment.owner)
      wrong.push(`${segment.owner} would receipt its own commits in term ${segment.term}`);
    if (previous === undefined) return;
    if (segment.term <= previous.term) wrong.push(`terms do not rise: ${previous.term}, ${segment.term}`);
    if (segment.base < previous.base) wrong.push(`the base falls: ${previous.base}, ${segment.base}`);
  });
  return wrong;
}

const sameSegment = (a: Segment, b: Segment | undefined): boolean =>
  b !== undefined && a.term === b.term && a.owner === b.owner && a.base === b.base && a.mode === b.mode && a.mirror === b.mirror;
