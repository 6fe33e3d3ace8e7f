import type { ShardId } from '#contracts';

/** Streams that a parked or withheld commit blocks: its later commits must wait for a decision, in order. */
export class BlockedStreams {
  readonly #byShard = new Map<string, Set<string>>();

  block(shard: ShardId, streams: readonly string[]): void {
    if (streams.length === 0) return;
    const blocked = this.#byShard.get(shard) ?? new Set<string>();
    for (const stream of streams) blocked.add(stream);
    this.#byShard.set(shard, blocked);
  }

  touches(shard: ShardId, streams: readonly string[]): boolean {
    const blocked = this.#byShard.get(shard);
    return blocked !== undefined && streams.some((stream) => blocked.has(stream));
  }

  clear(): void {
    this.#byShard.clear();
  }
}
