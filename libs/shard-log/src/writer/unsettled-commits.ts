import { Queue } from '../core/queue.ts';
import type { ReadingEvent } from '../core/reading-events.ts';

interface Waiting<Event> {
  readonly seq: number;
  readonly sinceMs: number;
  readonly events: readonly Event[] | undefined;
}

/** A commit that was appended by this process and is settled now. */
export interface OwnSettled<Event> {
  readonly events: readonly Event[];
  /** Since it was read back as accepted. */
  readonly waitedMs: number;
}

/**
 * The commits of one shard that are accepted and not settled: what the loss of its region would strand. For people, nothing is decided by it.
 * Its memory is that of the reading, which holds the same commits.
 */
export class UnsettledCommits<Event> {
  readonly #waiting = new Queue<Waiting<Event>>();
  readonly #own = new Map<number, readonly Event[]>();

  get count(): number {
    return this.#waiting.length;
  }

  /** `performance.now()` when the oldest was read; undefined when none waits. */
  get oldestSinceMs(): number | undefined {
    return this.#waiting.first?.sinceMs;
  }

  /** This process appended the commit. Told before `follow` sees it accepted. */
  wrote(seq: number, events: readonly Event[]): void {
    this.#own.set(seq, events);
  }

  /** Everything that the reading tells, in order. */
  follow(events: readonly ReadingEvent[], nowMs: number, onSettled: (settled: OwnSettled<Event>) => void): void {
    for (const event of events)
      if (event.type === 'accepted') this.#accepted(event.commit.seq, nowMs);
      else if (event.type === 'settled')
        this.#passed(event.commit.seq, ({ events, sinceMs }) => {
          if (events !== undefined) onSettled({ events, waitedMs: nowMs - sinceMs });
        });
      else if (event.type === 'stranded' && event.wasAccepted) this.#passed(event.commit.seq, () => undefined);
  }

  #accepted(seq: number, sinceMs: number): void {
    this.#waiting.push({ seq, sinceMs, events: this.#own.get(seq) });
    this.#own.delete(seq);
  }

  #passed(seq: number, each: (waiting: Waiting<Event>) => void): void {
    for (let first = this.#waiting.first; first !== undefined && first.seq <= seq; first = this.#waiting.first) {
      this.#waiting.shift();
      each(first);
    }
  }
}
