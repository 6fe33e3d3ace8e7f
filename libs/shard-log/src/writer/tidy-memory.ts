import type { ShardId } from '#contracts';
import type { Snapshots } from '../snapshots.port.ts';

/** A shard's memory as the janitor sees it. */
export interface TidiedShard {
  readonly reading: { readonly settledSeq: number; readonly cursor: { readonly seq: number } };
  readonly cache: {
    readonly size: number;
    readonly weight: number;
    reloadBlocked(): void;
    evict(persistedSeq: number, keep: number): void;
    restart(seq: number): void;
  };
  readonly writer: { readonly isOpen: boolean };
}

/** Of a shard that is written here: streams that stay in memory although they are stored. */
const streamsKeptMax = 4_000;
/** Streams and commits of a shard that stay in memory because they are not stored. */
export const unstoredMax = { written: 50_000, followed: 5_000 };

/**
 * Drops from memory what is stored, and asks again about blocked streams, of which somebody may have decided.
 *
 * What is not stored, because the projector or PostgreSQL stands still, stays up to a bound. Beyond it a shard that is not written here is
 * dropped whole: should it be opened, its streams are loaded as soon as the store has come so far. A written one loses what it has
 * not touched for longest, and decides about that again when the store has come so far.
 */
export async function tidyMemory(
  shards: ReadonlyMap<ShardId, TidiedShard>,
  snapshots: Pick<Snapshots, 'load'>,
  onUnanswered: (shard: ShardId, error: unknown) => void,
): Promise<void> {
  let answered = true;
  for (const [id, { reading, cache, writer }] of shards) {
    const keep = writer.isOpen ? streamsKeptMax : 0;
    cache.reloadBlocked();
    if (answered && cache.weight > keep)
      try {
        const { persistedSeq } = await snapshots.load(id, []);
        cache.evict(persistedSeq, keep);
      } catch (error) {
        answered = false; // the next one would wait as long for the same answer
        onUnanswered(id, error);
      }
    if (writer.isOpen) {
      if (cache.weight > unstoredMax.written) cache.evict(Number.POSITIVE_INFINITY, unstoredMax.written / 2);
    } else if (cache.weight > unstoredMax.followed) cache.restart(Math.max(reading.settledSeq, reading.cursor.seq));
  }
}

/** Does some work again and again, never twice at once. Returns how to stop it, which waits for what is under way. */
export function repeatedly(intervalMs: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work().finally(() => (running = undefined));
  }, intervalMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
