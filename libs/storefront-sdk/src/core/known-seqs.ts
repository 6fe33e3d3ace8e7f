import { decodeToken, encodeToken, type ShardId } from '#contracts/browser';

/**
 * What a client has seen, by shard; the ones that moved last stand at the end. Bounded by the length of its token: the shards that
 * did not move for longest are forgotten first, and a read may then show less of those than was seen before.
 */
export type KnownSeqs = ReadonlyMap<ShardId, number>;

/** The API refuses tokens of more than 4096 characters. */
export const tokenLengthMax = 4_000;

export const nothingKnown: KnownSeqs = new Map();

/** Adds what a token tells; a text that is no token of this version tells nothing. */
export function learnToken(known: KnownSeqs, token: string, lengthMax = tokenLengthMax): KnownSeqs {
  const news = decodeToken(token);
  if (news === undefined) return known;
  const merged = new Map(known);
  for (const [name, seq] of Object.entries(news)) {
    const shard = name as ShardId;
    const before = merged.get(shard);
    if (before !== undefined && before >= seq) continue;
    merged.delete(shard);
    merged.set(shard, seq);
  }
  while (merged.size > 1 && tokenOf(merged)!.length > lengthMax) merged.delete(merged.keys().next().value!);
  return merged;
}

/** Undefined when nothing is known. */
export const tokenOf = (known: KnownSeqs): string | undefined => (known.size === 0 ? undefined : encodeToken(Object.fromEntries(known)));
