import { assert, type Decider } from '#kernel';
import type { LoadedStreams } from '../snapshots.port.ts';

/**
 * The streams of one shard that are in memory, as the accepted commits of its log left them.
 *
 * Guarantee: `stateOf` answers only for a stream whose every accepted commit is folded in. A stream that is not in memory is loaded
 * first, never assumed absent: `missing` says which. Stored states may be older or newer than what this cache has seen pass; the
 * seqs decide what is folded on top. A load that is older than something already dropped from here is refused (`fill` → false).
 */
export class StreamCache<Event, State> {
  readonly #decider: Pick<Decider<unknown, Event, State, unknown>, 'streamsChangedBy' | 'initialState' | 'evolve'>;
  readonly #streams = new Map<string, Entry<Event, State>>();
  /** Streams that are not here have no commit after this seq: what they had before is in the snapshot. */
  #completeAfterSeq: number;
  /** Commits in all tails. */
  #tailed = 0;

  /** @param startSeq seq after which every accepted commit will pass through `apply` */
  constructor(decider: Pick<Decider<never, Event, State, unknown>, 'streamsChangedBy' | 'initialState' | 'evolve'>, startSeq: number) {
    this.#decider = decider;
    this.#completeAfterSeq = startSeq;
  }

  /** Forgets everything: streams are loaded again from a store that is complete up to `seq` at least, the newest that is accepted. */
  restart(seq: number): void {
    this.#streams.clear();
    this.#tailed = 0;
    this.#completeAfterSeq = seq;
  }

  /**
   * Commits after `base` were folded that turned out not to be history; these streams are among theirs. They alone are forgotten, and
   * loaded again from a store that holds all up to `base`, so that all others are decided on at once after a takeover.
   */
  takeBack(base: number, streams: Iterable<string>): void {
    // Nothing after the base stands any more: what had to be waited for beyond it never comes.
    this.#completeAfterSeq = Math.min(this.#completeAfterSeq, base);
    for (const id of streams) {
      const entry = this.#streams.get(id);
      if (entry === undefined) continue;
      this.#tailed -= entry.tail.length;
      this.#streams.set(id, { state: undefined, seq: base, tail: [], blocked: false, storedFrom: base });
    }
  }

  get size(): number {
    return this.#streams.size;
  }

  /** What bounds its memory: streams, and commits that are kept for streams whose stored state was never asked for. */
  get weight(): number {
    return this.#streams.size + this.#tailed;
  }

  /**
   * Folds an accepted commit. `decode` is called at most once, and only when one of the streams is in memory; what it cannot read
   * (undefined) blocks the streams that the commit names.
   */
  apply(seq: number, streams: readonly string[], decode: () => readonly Event[] | undefined): void {
    const events = once(decode);
    const live = new Map<string, Entry<Event, State>>();
    for (const id of streams) {
      const entry = this.#touch(id);
      if (seq <= entry.seq) continue;
      if (entry.state === undefined) {
        entry.tail.push({ seq, events });
        this.#tailed += 1;
      } else live.set(id, entry);
      entry.seq = seq;
    }
    if (live.size === 0) return;
    const decoded = events();
    if (decoded === undefined) for (const entry of live.values()) entry.blocked = true;
    for (const event of decoded ?? [])
      for (const id of this.#decider.streamsChangedBy(event)) {
        const entry = live.get(id);
        if (entry?.state !== undefined) entry.state = { value: this.#decider.evolve(id, entry.state.value, event) };
      }
  }

  /** Those of the ids that must be loaded before `stateOf` may be asked. */
  missing(ids: readonly string[]): readonly string[] {
    return ids.filter((id) => {
      const entry = this.#streams.get(id);
      if (entry !== undefined && entry.state !== undefined) return false;
      if (this.#completeAfterSeq > 0 || (entry !== undefined && entry.storedFrom > 0)) return true;
      this.#complete(id, { value: this.#decider.initialState(id) }, 0); // the whole log has passed: absent is absent
      return false;
    });
  }

  /** Takes loaded streams in. False: the store stands behind what was dropped from here; ask again later. */
  fill(asked: readonly string[], loaded: LoadedStreams): boolean {
    const storedFrom = asked.reduce((highest, id) => Math.max(highest, this.#streams.get(id)?.storedFrom ?? 0), this.#completeAfterSeq);
    if (loaded.persistedSeq < storedFrom) return false;
    const stored = new Map(loaded.streams.map((stream) => [stream.streamId, stream]));
    for (const id of asked) {
      const known = stored.get(id);
      this.#complete(id, { value: known === undefined ? this.#decider.initialState(id) : (known.state as State) }, known?.seq ?? 0);
    }
    for (const id of loaded.blocked) this.#touch(id).blocked = true;
    return true;
  }

  stateOf(id: string): State {
    const entry = this.#streams.get(id);
    assert(entry?.state !== undefined, `stream ${id} is decided on without having been loaded`);
    return entry.state.value;
  }

  /** Newest seq that changed the stream, 0 when none is known. */
  seqOf(id: string): number {
    return this.#streams.get(id)?.seq ?? 0;
  }

  isBlocked(id: string): boolean {
    return this.#streams.get(id)?.blocked ?? false;
  }

  /**
   * Drops the longest untouched streams beyond `keep` whose commits are all in the store, which is complete up to `persistedSeq`, and
   * of those that were only seen passing the commits that are in the store: a busy stream never comes to rest.
   */
  evict(persistedSeq: number, keep: number): void {
    for (const entry of this.#streams.values()) this.#trim(entry, persistedSeq);
    let surplus = this.#streams.size - keep;
    for (const [id, entry] of this.#streams) {
      if (surplus <= 0) return;
      if (entry.seq > persistedSeq || entry.blocked) continue;
      this.#drop(id, entry);
      surplus--;
    }
  }

  /** Forgets which streams are blocked, so that the store is asked again (somebody decided about a parked record). */
  reloadBlocked(): void {
    for (const [id, entry] of this.#streams) {
      if (entry.blocked) this.#drop(id, entry);
    }
  }

  /** Its commits may not be stored yet: then its next load is refused until they are. */
  #drop(id: string, entry: Entry<Event, State>): void {
    this.#streams.delete(id);
    this.#tailed -= entry.tail.length;
    this.#completeAfterSeq = Math.max(this.#completeAfterSeq, entry.seq);
  }

  #trim(entry: Entry<Event, State>, persistedSeq: number): void {
    const stored = entry.tail.findLastIndex(({ seq }) => seq <= persistedSeq);
    if (stored < 0) return;
    this.#completeAfterSeq = Math.max(this.#completeAfterSeq, entry.tail[stored]!.seq);
    entry.tail = entry.tail.slice(stored + 1);
    this.#tailed -= stored + 1;
  }

  #complete(id: string, state: { value: State }, storedSeq: number): void {
    const entry = this.#touch(id);
    for (const { seq, events } of entry.tail) {
      if (seq <= storedSeq) continue;
      const decoded = events();
      if (decoded === undefined) entry.blocked = true;
      else state = { value: this.#fold(id, state.value, decoded) };
    }
    entry.state = state;
    this.#tailed -= entry.tail.length;
    entry.tail = [];
    entry.storedFrom = 0;
    entry.seq = Math.max(entry.seq, storedSeq);
  }

  #fold(id: string, state: State, events: readonly Event[]): State {
    let folded = state;
    for (const event of events) if (this.#decider.streamsChangedBy(event).includes(id)) folded = this.#decider.evolve(id, folded, event);
    return folded;
  }

  /** The entry, moved to the young end of the map. */
  #touch(id: string): Entry<Event, State> {
    const entry = this.#streams.get(id) ?? { state: undefined, seq: 0, tail: [], blocked: false, storedFrom: 0 };
    this.#streams.delete(id);
    this.#streams.set(id, entry);
    return entry;
  }
}

interface Entry<Event, State> {
  /** Undefined while the stream was only seen passing: its commits wait in `tail` for the stored state beneath them. */
  state: { readonly value: State } | undefined;
  seq: number;
  tail: { readonly seq: number; readonly events: () => readonly Event[] | undefined }[];
  blocked: boolean;
  /** Its stored state is of use only if it holds everything up to here. */
  storedFrom: number;
}

function once<T>(compute: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: compute() }).value;
}
