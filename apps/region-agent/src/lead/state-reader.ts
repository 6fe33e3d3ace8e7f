import type { Logger } from 'pino';
import type { AgentRegistry, LineageWatch, RegionState, StoredLineage } from '#regions';

export interface StateReaderOptions {
  readonly registry: AgentRegistry;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Something may have changed: who waits for it should read. A lineage that came with it was agreed on, as if it had been read. */
  readonly onChange: (lineage: StoredLineage | undefined) => void;
}

export interface KnownState {
  readonly state: RegionState;
  /** When the read that brought it was begun. */
  readonly readAtMs: number;
}

/** Reads etcd's state, and keeps the newest. One read at a time: who asks while one is under way gets the next. */
export class StateReader {
  readonly #options: StateReaderOptions;
  #watch: LineageWatch | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #next: Promise<KnownState> | undefined;
  #known: KnownState | undefined;
  /** What was read before this is out of date. */
  #changedAtMs = -Infinity;
  #problem: string | undefined = 'etcd was not asked yet';

  constructor(options: StateReaderOptions) {
    this.#options = options;
  }

  start(): void {
    const { registry, log, onChange } = this.#options;
    let told: string | undefined;
    this.#watch = registry.watch(onChange, (error) => {
      if (error.message !== told) log.warn({ err: error }, 'the watch of etcd was interrupted');
      told = error.message;
    });
  }

  /** A state as of now or later. @throws AgentRegistryError */
  refresh(): Promise<KnownState> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      const read = this.#read();
      this.#reading = read.catch(() => undefined); // its callers are told
      return read;
    });
    return this.#next;
  }

  /** The newest state, if it was read no longer ago; else one as of now or later. Who watches knows of what changed since. @throws AgentRegistryError */
  async recent(withinMs: number): Promise<KnownState> {
    if (this.#next !== undefined) return this.#next;
    await this.#reading;
    const [known, ageMs] = [this.#known, this.ageMs() ?? Infinity];
    const isRecent = known !== undefined && this.#problem === undefined && ageMs <= withinMs && known.readAtMs >= this.#changedAtMs;
    return isRecent ? known : this.refresh();
  }

  /** This process has changed something in etcd, or may have. */
  changed(): void {
    this.#changedAtMs = this.#options.nowMs();
  }

  get known(): KnownState | undefined {
    return this.#known;
  }

  /** Why the last read failed, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** How old the newest state is; undefined: there is none. */
  ageMs(): number | undefined {
    return this.#known && this.#options.nowMs() - this.#known.readAtMs;
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    await this.#reading;
  }

  async #read(): Promise<KnownState> {
    const readAtMs = this.#options.nowMs();
    try {
      this.#known = { state: await this.#options.registry.read(), readAtMs };
      this.#problem = undefined;
      return this.#known;
    } catch (error) {
      this.#problem = (error as Error).message;
      throw error;
    }
  }
}
