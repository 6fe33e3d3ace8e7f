import { shardOf, type ShardId } from '#contracts';

interface AssignedWriter {
  assign(): void;
  unassign(): Promise<void>;
}

/**
 * Which shards this instance writes, by the partitions that the consumer group gave it. What is taken away comes to its end before anything new is
 * opened; what was given and is not the newest word any more when that is done, opens nothing.
 */
export class AssignedShards {
  readonly #shards: ReadonlyMap<ShardId, { readonly writer: AssignedWriter }>;
  #mine: ReadonlySet<number> = new Set();

  constructor(shards: ReadonlyMap<ShardId, { readonly writer: AssignedWriter }>) {
    this.#shards = shards;
  }

  async assign(partitions: readonly number[]): Promise<void> {
    const mine = (this.#mine = new Set(partitions));
    const shards = [...this.#shards].map(([id, { writer }]) => ({ writer, isMine: mine.has(shardOf(id).partition) }));
    await Promise.all(shards.filter(({ isMine }) => !isMine).map(({ writer }) => writer.unassign()));
    if (this.#mine !== mine) return; // another assignment, or the end, has come meanwhile
    for (const { writer, isMine } of shards) if (isMine) writer.assign();
  }
}
