import type { HistoryEntry } from '#contracts';
import type { IdentifiedEntry } from './history-tail.ts';

/**
 * What is not in the log yet. Bounded: while Kafka is away the oldest go first, and an entry that counts them takes their place, so
 * that nothing is ever missing silently. Pure.
 */
export class PendingEntries {
  readonly #max: number;
  readonly #idOf: (number: number) => string;
  readonly #waiting: IdentifiedEntry[] = [];
  #numbered = 0;
  #dropped: { readonly first: HistoryEntry; last: HistoryEntry; count: number } | undefined;

  /** @param writer names this process for ever: ids of entries begin with it */
  constructor(max: number, writer: string) {
    this.#max = max;
    this.#idOf = (number) => `${writer}:${number}`;
  }

  /** Answers an entry that had to go, or undefined. */
  add(entry: HistoryEntry): HistoryEntry | undefined {
    this.#waiting.push(this.#identified(entry));
    if (this.#waiting.length <= this.#max) return undefined;
    const gone = this.#waiting.shift()!.entry;
    if (this.#dropped === undefined) this.#dropped = { first: gone, last: gone, count: 1 };
    else {
      this.#dropped.last = gone;
      this.#dropped.count += 1;
    }
    return gone;
  }

  /** The next to be appended, at most `max`; they stay until `done`. */
  next(max: number): readonly IdentifiedEntry[] {
    if (this.#dropped !== undefined) {
      this.#waiting.unshift(this.#identified(aboutDropped(this.#dropped)));
      this.#dropped = undefined;
    }
    return this.#waiting.slice(0, max);
  }

  done(entries: readonly IdentifiedEntry[]): void {
    const ids = new Set(entries.map(({ id }) => id));
    const left = this.#waiting.filter(({ id }) => !ids.has(id));
    this.#waiting.splice(0, this.#waiting.length, ...left);
  }

  all(): readonly IdentifiedEntry[] {
    return this.#waiting;
  }

  #identified(entry: HistoryEntry): IdentifiedEntry {
    this.#numbered += 1;
    return { id: this.#idOf(this.#numbered), entry };
  }
}

function aboutDropped({ first, last, count }: { first: HistoryEntry; last: HistoryEntry; count: number }): HistoryEntry {
  const { at, region, instance, term } = first;
  const because = `Kafka could not be written to, and no more entries fit into memory: ${count} before this are lost`;
  return { at, region, instance, term, event: 'history-dropped', because, details: { count, from: first.at, to: last.at } };
}
