import type { Logger } from 'pino';
import type { StrandedCommit } from '#contracts';
import type { FeedCheckpoint } from '#shard-log';
import { entryKey, inOrder, isDue, type StrandedEntry } from './stranded-commit.ts';
import type { StrandedStore } from './stranded.store.ts';

/** What is known of stranded commits, in this process and in PostgreSQL. Losing the latter loses nothing: the logs are read and offered again. */
export class StrandedMemory {
  readonly #store: StrandedStore;
  readonly #log: Logger;
  readonly #entries = new Map<string, StrandedEntry>();
  readonly #unsaved = new Set<string>();
  #checkpoint: FeedCheckpoint | undefined;
  #loaded = false;

  constructor(store: StrandedStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** Where reading goes on. */
  get checkpoint(): FeedCheckpoint | undefined {
    return this.#checkpoint;
  }

  get all(): readonly StrandedEntry[] {
    return [...this.#entries.values()];
  }

  get due(): readonly StrandedEntry[] {
    return this.all.filter(isDue).sort(inOrder);
  }

  /** Also of what another instance remembers, by shard, term and seq. */
  async list(): Promise<readonly StrandedCommit[]> {
    const known = new Map<string, StrandedEntry>();
    try {
      for (const entry of (await this.#store.load()).entries) known.set(entryKey(entry), entry);
    } catch (error) {
      this.#log.warn({ err: error }, 'what is remembered of stranded commits cannot be read: only what this process knows is told');
    }
    for (const [key, entry] of this.#entries) known.set(key, entry);
    return [...known.values()].sort(inOrder).map(({ commit }) => commit);
  }

  /** Once; what is known in this process is newer. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    try {
      const { entries, checkpoint } = await this.#store.load();
      for (const entry of entries) if (!this.#entries.has(entryKey(entry))) this.#entries.set(entryKey(entry), entry);
      this.#checkpoint = checkpoint;
    } catch (error) {
      this.#log.warn({ err: error }, 'nothing is remembered of stranded commits: the logs are read from their start');
    }
    this.#loaded = true;
  }

  /** False: it was known, and keeps what became of it. */
  found(entry: StrandedEntry): boolean {
    if (this.#entries.has(entryKey(entry))) return false;
    this.changed(entry);
    return true;
  }

  changed(entry: StrandedEntry): void {
    const key = entryKey(entry);
    this.#entries.set(key, entry);
    this.#unsaved.add(key);
  }

  /** What cannot be saved now is saved with the next; a checkpoint is passed over then, so that nothing is skipped after a restart. */
  async save(checkpoint?: FeedCheckpoint): Promise<void> {
    const keys = [...this.#unsaved];
    if (keys.length === 0 && checkpoint === undefined) return;
    try {
      await this.#store.save(
        keys.map((key) => this.#entries.get(key)!),
        checkpoint,
      );
      for (const key of keys) this.#unsaved.delete(key);
      if (checkpoint !== undefined) this.#checkpoint = checkpoint;
    } catch (error) {
      this.#log.warn({ err: error }, 'stranded commits are not remembered now: a restart may offer them once more');
    }
  }
}
