import { lineageSchema, type Lineage } from '#contracts';
import {
  LineageUnavailableError,
  type LineageStore,
  type LineageWatch,
  type StoredLineage,
  type SwapOutcome,
} from '../lineage-store.port.ts';

/** What the next change meets: nothing, a lost answer, or a lost request. Reads fail while `unreachable` is set. */
export type StoreFault = 'none' | 'answer-lost' | 'request-lost';

/** The lineage in this process, for tests and simulation; with faults to order. */
export class InMemoryLineageStore implements LineageStore {
  #stored: StoredLineage | undefined;
  #revision = 0;
  #nextFault: StoreFault = 'none';
  unreachable = false;
  readonly #watchers = new Set<(stored: StoredLineage) => void>();

  failNextChange(fault: StoreFault): void {
    this.#nextFault = fault;
  }

  async read(): Promise<StoredLineage | undefined> {
    if (this.unreachable) throw new LineageUnavailableError('unreachable, as ordered');
    return this.#stored;
  }

  async create(lineage: Lineage): Promise<SwapOutcome> {
    return this.#change(undefined, lineage);
  }

  async compareAndSwap(revision: number, lineage: Lineage): Promise<SwapOutcome> {
    return this.#change(revision, lineage);
  }

  watch(onChange: (stored: StoredLineage) => void): LineageWatch {
    this.#watchers.add(onChange);
    if (this.#stored !== undefined) onChange(this.#stored);
    return { close: async () => void this.#watchers.delete(onChange) };
  }

  async close(): Promise<void> {
    this.#watchers.clear();
  }

  #change(revision: number | undefined, lineage: Lineage): SwapOutcome {
    const fault = this.#nextFault;
    this.#nextFault = 'none';
    if (this.unreachable || fault === 'request-lost') return { outcome: 'unknown', reason: 'the request was lost, as ordered' };
    if (this.#stored?.revision !== revision) return { outcome: 'conflict', current: this.#stored };
    this.#stored = { lineage: lineageSchema.parse(lineage), revision: ++this.#revision };
    for (const tell of this.#watchers) tell(this.#stored);
    return fault === 'answer-lost'
      ? { outcome: 'unknown', reason: 'the answer was lost, as ordered' }
      : { outcome: 'stored', revision: this.#revision };
  }
}
