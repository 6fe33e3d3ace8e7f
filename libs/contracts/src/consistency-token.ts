import { z } from 'zod';
import { parseShardId, type ShardId } from './shards.ts';

/** Per shard the seq that a read must have reached to see what its bearer saw. */
export type ShardSeqs = Readonly<Record<ShardId, number>>;

const entries = z.record(
  z.string().refine((text) => parseShardId(text) !== undefined),
  z.int().nonnegative(),
);

/** Opaque to clients, URL-safe: `v1.` and base64url JSON of shard seqs. At most 4 KiB. */
export const encodeToken = (seqs: ShardSeqs): string => `v1.${base64UrlOf(JSON.stringify(seqs))}`;

/** Of ASCII, which shard ids and numbers are, with what browsers have too. */
const base64UrlOf = (text: string): string => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const textOf = (base64Url: string): string => atob(base64Url.replaceAll('-', '+').replaceAll('_', '/'));

/** The shard seqs of a token, or undefined when the text is none. */
export function decodeToken(token: string): ShardSeqs | undefined {
  if (!token.startsWith('v1.') || token.length > 4096) return undefined;
  try {
    return entries.parse(JSON.parse(textOf(token.slice(3))));
  } catch {
    return undefined; // not ours: the caller answers 400 naming the header
  }
}

/** The token that shows both: the higher seq per shard. */
export function mergeTokens(a: ShardSeqs, b: ShardSeqs): ShardSeqs {
  const merged: Record<string, number> = { ...a };
  for (const [shard, seq] of Object.entries(b)) merged[shard] = Math.max(seq, merged[shard] ?? 0);
  return merged;
}
