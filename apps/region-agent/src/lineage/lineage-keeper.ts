import type { Logger } from 'pino';
import type { Lineage } from '#contracts';
import { swapAndReadBack, type LineageStore, type LineageWatch, type StoredLineage } from '#regions';
import { repeat, type Repeating } from '../repeat.ts';
import type { LineageTopic } from './lineage-topic.ts';

/**
 * Sees that there is a lineage, and copies every revision of it that it sees to the region's `lineage` topic.
 *
 * When etcd has none, the first one is created; all agents may try, one wins, the others read it. Not when the topic holds one: then
 * etcd has lost its data, a new first lineage would contradict the logs, and a person must decide.
 */
export interface LineageKeeperOptions {
  readonly store: LineageStore;
  readonly topic: LineageTopic;
  readonly first: Lineage;
  readonly log: Logger;
  /** Told every revision, in order, once. */
  readonly onLineage: (stored: StoredLineage) => void;
  readonly probeEveryMs: number;
}

export interface LineageStatus {
  readonly newest: StoredLineage | undefined;
  /** Revision that stands in the region's own topic. */
  readonly copiedRevision: number | undefined;
  /** Why etcd or the copy is not as it should be, or undefined. */
  readonly problem: string | undefined;
}

export class LineageKeeper {
  readonly #options: LineageKeeperOptions;
  #watch: LineageWatch | undefined;
  #probing: Repeating | undefined;
  #copying: Repeating | undefined;
  #newest: StoredLineage | undefined;
  readonly #toCopy: StoredLineage[] = [];
  /** Undefined until the topic was read. */
  #copied: { readonly revision: number } | undefined;
  #etcdProblem: string | undefined = 'etcd was not asked yet';
  #copyProblem: string | undefined;

  constructor(options: LineageKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    const { store, log, probeEveryMs } = this.#options;
    this.#watch = store.watch(
      (stored) => this.#take(stored),
      (error) => log.warn({ err: error }, 'the watch of the lineage was interrupted'),
    );
    this.#probing = repeat(
      probeEveryMs,
      () => this.#probe(),
      (error) => {
        this.#etcdProblem = error.message;
        log.warn({ err: error }, 'the lineage cannot be read');
      },
    );
    this.#copying = repeat(
      100,
      () => this.#copy(),
      (error) => {
        this.#copyProblem = error.message;
        log.warn({ err: error }, 'the lineage cannot be copied');
      },
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch?.close(), this.#probing?.stop(), this.#copying?.stop()]);
    await this.#options.topic.close();
  }

  status(): LineageStatus {
    const copiedRevision = this.#copied === undefined || this.#copied.revision === 0 ? undefined : this.#copied.revision;
    return { newest: this.#newest, copiedRevision, problem: this.#etcdProblem ?? this.#copyProblem };
  }

  async #probe(): Promise<void> {
    const { store, first, log } = this.#options;
    const stored = await store.read();
    if (stored !== undefined) {
      this.#take(stored);
      this.#etcdProblem = undefined;
      return;
    }
    if (this.#newest !== undefined) throw new Error(`etcd has lost the lineage: revision ${this.#newest.revision} was read before`);
    if (this.#copied === undefined) {
      this.#etcdProblem = 'there is no lineage in etcd, and whether there ever was one is not known yet';
      return;
    }
    if (this.#copied.revision > 0) throw new Error(`etcd has lost the lineage: the topic holds revision ${this.#copied.revision}`);
    const created = await swapAndReadBack(store, undefined, first);
    if (created.outcome === 'unknown') throw new Error(`whether the first lineage was created is unknown: ${created.reason}`);
    log.info(
      { outcome: created.outcome },
      created.outcome === 'stored' ? 'created the first lineage' : 'another region created the first lineage',
    );
    const readBack = await store.read();
    if (readBack !== undefined) this.#take(readBack);
    this.#etcdProblem = undefined;
  }

  #take(stored: StoredLineage): void {
    if (this.#newest !== undefined && stored.revision <= this.#newest.revision) return;
    this.#newest = stored;
    this.#toCopy.push(stored);
    this.#options.log.info({ term: stored.lineage.term, status: stored.lineage.status, revision: stored.revision }, 'lineage');
    this.#options.onLineage(stored);
  }

  async #copy(): Promise<void> {
    const { topic } = this.#options;
    this.#copied ??= { revision: (await topic.newest())?.revision ?? 0 };
    if (this.#newest !== undefined && this.#newest.revision < this.#copied.revision)
      throw new Error(`etcd is behind the region's copy: revision ${this.#newest.revision}, the topic holds ${this.#copied.revision}`);
    for (let next = this.#toCopy[0]; next !== undefined; next = this.#toCopy[0]) {
      if (next.revision > this.#copied.revision) {
        await topic.append(next);
        this.#copied = { revision: next.revision };
      }
      this.#toCopy.shift();
    }
    this.#copyProblem = undefined;
  }
}
