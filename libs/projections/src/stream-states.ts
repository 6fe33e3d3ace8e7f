import type { ShardId } from '#contracts';
import { partedBy } from './core/parted.ts';
import { folding } from './core/fold-error.ts';
import { LeastRecentlyUsed } from './core/least-recently-used.ts';
import { selectMany, writeMany, type Columns } from './postgres/bulk.ts';
import type { SettledEvent, StreamFold, Tx } from './projection.port.ts';

const columns: Columns = { shard: 'text', stream_id: 'text', seq: 'bigint', state: 'jsonb' };
const key = ['shard', 'stream_id'] as const;
/** Pools and open orders are touched again and again; older streams are read again when they are needed. */
const rememberedStatesMax = 20_000;

interface StoredState<State> {
  readonly shard: ShardId;
  readonly stream_id: string;
  readonly seq: number;
  readonly state: State;
}

/** One event at one of the streams that it changes. */
interface Touch<Event> {
  readonly id: string;
  readonly stream: string;
  readonly settled: SettledEvent<Event>;
}

/**
 * The settled state of every stream of every shard, owned here or not: where writers start from, and what makes this region a hot
 * standby of the other. A state is what the decider's `evolve` makes of the stream's events, as JSON.
 */
export class StreamStates<Event, State> {
  readonly #fold: StreamFold<Event, State> | undefined;
  readonly #remembered = new LeastRecentlyUsed<StoredState<State>>(rememberedStatesMax);

  constructor(fold: StreamFold<Event, State> | undefined) {
    this.#fold = fold;
  }

  async apply(batch: readonly SettledEvent<Event>[], tx: Tx): Promise<void> {
    const fold = this.#fold;
    if (fold === undefined) return;
    const touches = folding('stream states', () => touchesOf(fold, batch));
    const before = await this.#load(touches, tx);
    const changed = folding('stream states', () => foldAll(fold, touches, before));
    const parts = partedBy(changed, before) as unknown as Parameters<typeof writeMany>[2];
    await writeMany(tx, { table: 'stream_state', columns, key }, parts);
    for (const [id, state] of changed) this.#remembered.set(id, state);
  }

  forget(): void {
    this.#remembered.clear();
  }

  async #load(touches: readonly Touch<Event>[], tx: Tx): Promise<Map<string, StoredState<State>>> {
    const states = new Map<string, StoredState<State>>();
    const missing = new Map<string, { shard: ShardId; stream_id: string }>();
    for (const { id, stream, settled } of touches) {
      if (states.has(id) || missing.has(id)) continue;
      const state = this.#remembered.get(id);
      if (state === undefined) missing.set(id, { shard: settled.shard, stream_id: stream });
      else states.set(id, state);
    }
    for (const row of await selectMany(tx, 'stream_state', columns, key, [...missing.values()])) {
      const stored = row as unknown as StoredState<State>;
      states.set(idOf(stored.shard, stored.stream_id), stored);
    }
    return states;
  }
}

const idOf = (shard: ShardId, stream: string): string => `${shard}\0${stream}`;

function touchesOf<Event, State>(fold: StreamFold<Event, State>, batch: readonly SettledEvent<Event>[]): readonly Touch<Event>[] {
  const touches: Touch<Event>[] = [];
  for (const settled of batch)
    for (const stream of fold.streamsChangedBy(settled.event)) touches.push({ id: idOf(settled.shard, stream), stream, settled });
  return touches;
}

function foldAll<Event, State>(
  fold: StreamFold<Event, State>,
  touches: readonly Touch<Event>[],
  states: ReadonlyMap<string, StoredState<State>>,
): Map<string, StoredState<State>> {
  const changed = new Map<string, StoredState<State>>();
  for (const { id, stream, settled } of touches) {
    const before = (changed.get(id) ?? states.get(id))?.state ?? fold.initialState(stream);
    changed.set(id, { shard: settled.shard, stream_id: stream, seq: settled.seq, state: fold.evolve(stream, before, settled.event) });
  }
  return changed;
}
