import { z } from 'zod';
import { defineEvents, type ShardId } from '#contracts';
import type { FeedCheckpoint, SettledCommit } from '#shard-log';
import {
  rowProjection,
  type OpenFeed,
  type ParkedLog,
  type ParkedRecord,
  type ProjectorDefinition,
  type StreamFold,
  type UnreadableRecord,
} from '#projections';

/** The smallest service that has everything a projector must cope with: events of one and of two streams, text, faults. */
export const counterEvents = defineEvents({
  Added: { 1: z.object({ counter: z.string(), amount: z.int(), note: z.string() }) },
  Moved: { 1: z.object({ from: z.string(), to: z.string(), amount: z.int() }) },
});
export type CounterEvent = typeof counterEvents.Event;

export interface CounterState {
  readonly total: number;
  readonly notes: readonly string[];
}

const changedBy = (event: CounterEvent): readonly string[] => (event.type === 'Added' ? [event.counter] : [event.from, event.to]);
const deltaOf = (event: CounterEvent, counter: string): number => {
  if (event.type === 'Added') return event.amount;
  return (event.to === counter ? event.amount : 0) - (event.from === counter ? event.amount : 0);
};

export const counterFold: StreamFold<CounterEvent, CounterState> = {
  stateVersion: 1,
  streamsChangedBy: changedBy,
  initialState: () => ({ total: 0, notes: [] }),
  evolve: (stream, state, event) => ({
    total: state.total + deltaOf(event, stream),
    notes: event.type === 'Added' ? [...state.notes, event.note].slice(-3) : state.notes,
  }),
};

interface CounterRow {
  readonly shard: string;
  readonly counter: string;
  readonly total: number;
  readonly last_note: string | null;
  readonly seq: number;
}

/** A note of `fault` makes the fold throw, one of `too-large` makes PostgreSQL refuse the row. */
export const countersProjection = rowProjection<CounterEvent, CounterRow, 'shard' | 'counter'>({
  name: 'counters',
  version: 1,
  table: 'counters',
  columns: { shard: 'text', counter: 'text', total: 'bigint', last_note: 'text', seq: 'bigint' },
  key: ['shard', 'counter'],
  changes: ({ shard, seq, event }) =>
    [...new Set(changedBy(event))].map((counter) => ({
      key: { shard, counter },
      fold: (row) => {
        if (event.type === 'Added' && event.note === 'fault') throw new Error('this fold has a fault');
        const note = event.type === 'Added' ? event.note : (row?.last_note ?? null);
        const total = note === 'too-large' ? 2 ** 70 : (row?.total ?? 0) + deltaOf(event, counter);
        return { shard, counter, total, last_note: note, seq };
      },
    })),
});

export const countersTable = `create table counters (
  shard text not null, counter text not null, total bigint not null, last_note text, seq bigint not null, primary key (shard, counter)
)`;

export const counterDefinition: ProjectorDefinition<CounterEvent, CounterState> = {
  name: 'counters',
  catalogue: counterEvents,
  streams: counterFold,
  projections: [countersProjection],
};

/** Outlives every schema, as a region's topic does. */
export class CounterParkedLog implements ParkedLog {
  readonly announced: ParkedRecord[] = [];
  readonly #skipped = new Set<string>();

  async announce(records: readonly ParkedRecord[]): Promise<void> {
    this.announced.push(...records);
  }

  async skip(id: string): Promise<void> {
    this.#skipped.add(id);
  }

  async skipped(): Promise<ReadonlySet<string>> {
    return new Set(this.#skipped);
  }
}

/** A log in memory that feeds like a region's: from a checkpoint on, in batches of the sizes that it is told, then what is appended. */
export class CounterLog {
  readonly entries: (SettledCommit | UnreadableRecord)[] = [];
  readonly #seqs = new Map<ShardId, number>();
  readonly #watchers = new Set<() => void>();
  /** Sizes of the next batches, used in turn. */
  batchSizes: readonly number[] = [7];

  append(shard: ShardId, events: readonly CounterEvent[]): SettledCommit {
    return this.appendBody(shard, events.flatMap(changedBy), counterEvents.encode(events));
  }

  appendBody(shard: ShardId, streams: readonly string[], body: string): SettledCommit {
    const seq = (this.#seqs.get(shard) ?? 0) + 1;
    this.#seqs.set(shard, seq);
    const settled: SettledCommit = {
      commit: {
        kind: 'commit',
        shard,
        term: 1,
        generation: 1,
        writer: 'w',
        seq,
        cause: `c${seq}` as never,
        correlation: 'x',
        traceparent: '',
        streams: [...new Set(streams)],
        body,
      },
      durability: 'global',
      topic: 'counters.events',
      partition: 0,
      offset: this.entries.length,
    };
    this.#push(settled);
    return settled;
  }

  appendUnreadable(): void {
    this.#push({ topic: 'counters.events', partition: 0, offset: this.entries.length, reason: 'no headers', value: null });
  }

  get seqs(): ReadonlyMap<ShardId, number> {
    return this.#seqs;
  }

  readonly ends = (): Promise<ReadonlyMap<string, readonly number[]>> =>
    Promise.resolve(new Map([['counters.events', [this.entries.length]]]));

  readonly open: OpenFeed = async (from, handlers) => {
    let next = from?.offsets['counters.events:0'] ?? 0;
    const stopping = new AbortController();
    let turn = 0;
    let wake: () => void = () => undefined;
    const watcher = (): void => wake();
    this.#watchers.add(watcher);
    const deliver = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const entries = this.entries.slice(next, next + this.batchSizes[turn++ % this.batchSizes.length]!);
        next += entries.length;
        const commits = entries.filter((entry) => 'commit' in entry);
        for (const entry of entries) if (!('commit' in entry)) handlers.onUnreadable(entry);
        const moved = Object.fromEntries(commits.map(({ commit }) => [commit.shard, commit.seq]));
        if (entries.length > 0) await handlers.onBatch({ commits, checkpoint: checkpointAt(next), moved });
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    const delivering = deliver().catch((error: Error) => handlers.onStopped(error));
    return {
      stoppedShards: () => new Map(),
      nextOffset: () => next,
      close: async () => {
        stopping.abort();
        wake();
        this.#watchers.delete(watcher);
        await delivering;
      },
    };
  };

  #push(entry: SettledCommit | UnreadableRecord): void {
    this.entries.push(entry);
    for (const watcher of this.#watchers) watcher();
  }
}

const checkpointAt = (offset: number): FeedCheckpoint => ({
  version: 1,
  offsets: { 'counters.events:0': offset },
  topicIds: {},
  shards: {},
  lineage: null,
});
