import { shardOf, type AnyEvent, type ShardId } from '#contracts';
import type { Decider } from '#kernel';
import type { FeedCheckpoint, LoadedStreams, SettledBatch, Snapshots } from '#shard-log';
import { serviceDecider } from './deciders.ts';
import { OrderTable } from './order-table.ts';
import type { FoldedBatch, RegionProcesses } from './region-processes.ts';

interface StoredState {
  seq: number;
  state: unknown;
}

/**
 * A region's PostgreSQL, as far as writers and readers see it: the settled state of every stream, with the checkpoint that belongs to it, moved
 * in one transaction. It stands in for `StreamStates` and `PgSnapshots`, whose folds are these and whose SQL needs a real one.
 */
export class RegionPostgres implements Snapshots {
  #checkpoint: FeedCheckpoint | undefined;
  #writer: object | undefined;
  readonly #shards = new Map<ShardId, { seq: number; readonly streams: Map<string, StoredState> }>();

  /** What clients read. */
  orders = new OrderTable();
  readonly #emptyTable: () => RegionProcesses;
  /** The table of the process managers. */
  processes: RegionProcesses;

  constructor(emptyTable: () => RegionProcesses) {
    this.#emptyTable = emptyTable;
    this.processes = emptyTable();
  }

  async checkpoint(): Promise<FeedCheckpoint | undefined> {
    return this.#checkpoint;
  }

  /** Whoever opens it last may write: what a checkpoint's compare-and-set does for projectors. */
  open(writer: object): FeedCheckpoint | undefined {
    this.#writer = writer;
    return this.#checkpoint;
  }

  async load(shard: ShardId, streamIds: readonly string[]): Promise<LoadedStreams> {
    const stored = this.#shards.get(shard);
    const streams = streamIds.flatMap((streamId) => {
      const found = stored?.streams.get(streamId);
      return found === undefined ? [] : [{ streamId, seq: found.seq, state: found.state }];
    });
    return { persistedSeq: stored?.seq ?? 0, streams, blocked: [] };
  }

  /** How far reads have come. */
  seqOf(shard: ShardId): number {
    return this.#shards.get(shard)?.seq ?? 0;
  }

  stateOf(shard: ShardId, stream: string): unknown {
    return this.#shards.get(shard)?.streams.get(stream)?.state;
  }

  /** All streams of a shard. */
  streamsOf(shard: ShardId): ReadonlyMap<string, { readonly state: unknown }> {
    return this.#shards.get(shard)?.streams ?? new Map<string, StoredState>();
  }

  get shards(): readonly ShardId[] {
    return [...this.#shards.keys()];
  }

  /** One transaction: `events` are those of each commit of the batch. @throws when somebody else has opened it since */
  store(
    writer: object,
    { commits, checkpoint }: SettledBatch,
    events: readonly (readonly AnyEvent[])[],
    folded: FoldedBatch,
    atMs: number,
  ): void {
    if (this.#writer !== writer) throw new Error('another projector has moved the checkpoint');
    this.#checkpoint = checkpoint;
    this.processes.commit(folded, atMs);
    commits.forEach(({ commit: { shard, seq } }, index) => {
      const decider = serviceDecider(shardOf(shard).service) as Decider<unknown, AnyEvent, unknown, unknown>;
      const stored = this.#shards.get(shard) ?? { seq: 0, streams: new Map<string, StoredState>() };
      this.#shards.set(shard, stored);
      stored.seq = seq;
      for (const event of events[index]!)
        for (const stream of decider.streamsChangedBy(event)) {
          const before = stored.streams.get(stream)?.state ?? decider.initialState(stream);
          stored.streams.set(stream, { seq, state: decider.evolve(stream, before, event) });
        }
      for (const event of events[index]!) this.orders.apply(shard, seq, event);
    });
  }

  wipe(): void {
    this.#writer = undefined;
    this.#checkpoint = undefined;
    this.#shards.clear();
    this.orders = new OrderTable();
    this.processes = this.#emptyTable();
  }
}
