import type { Logger } from 'pino';
import type { Lineage } from '#contracts';
import { swapAndReadBack, type LineageStore, type StoredLineage } from '#regions';
import { Wake } from '../wake.ts';
import type { LineageTopic } from './lineage-topic.ts';

/**
 * Sees that there is a lineage, and copies every revision of it that it is shown to the region's `lineage` topic.
 *
 * When etcd has none, the first one is created; all leading agents may try, one wins, the others read it. Not when the topic holds
 * one: then etcd has lost its data, a new first lineage would contradict the logs, and a person must decide.
 */
export interface LineageKeeperOptions {
  readonly store: LineageStore;
  readonly topic: LineageTopic;
  readonly first: Lineage;
  readonly log: Logger;
  /** Told every revision, in order, once. */
  readonly onLineage: (stored: StoredLineage) => void;
  /** Pause after a failure. */
  readonly retryAfterMs: number;
}

export interface LineageStatus {
  readonly newest: StoredLineage | undefined;
  /** Revision that stands in the region's own topic. */
  readonly copiedRevision: number | undefined;
  /** Why the lineage or its copy is not as it should be, or undefined. */
  readonly problem: string | undefined;
}

export class LineageKeeper {
  readonly #options: LineageKeeperOptions;
  readonly #stopping = new AbortController();
  readonly #wake = new Wake();
  #working: Promise<void> | undefined;
  #newest: StoredLineage | undefined;
  readonly #toCopy: StoredLineage[] = [];
  /** Undefined until the topic was read. */
  #copied: { readonly revision: number } | undefined;
  #etcdHasNone = false;
  #problem: string | undefined;

  constructor(options: LineageKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#working ??= this.#work();
  }

  /** What etcd answered to a linearizable read, or a watch brought: that a majority has agreed on it holds of both. */
  see(stored: StoredLineage | undefined): void {
    this.#etcdHasNone = stored === undefined;
    if (stored === undefined) return this.#wake.wake();
    if (this.#newest !== undefined && stored.revision <= this.#newest.revision) return;
    this.#newest = stored;
    this.#toCopy.push(stored);
    this.#options.log.info({ term: stored.lineage.term, status: stored.lineage.status, revision: stored.revision }, 'lineage');
    this.#options.onLineage(stored);
    this.#wake.wake();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    await this.#options.topic.close();
  }

  status(): LineageStatus {
    const copiedRevision = this.#copied === undefined || this.#copied.revision === 0 ? undefined : this.#copied.revision;
    return { newest: this.#newest, copiedRevision, problem: this.#problem };
  }

  async #work(): Promise<void> {
    const { log, retryAfterMs } = this.#options;
    let told: string | undefined;
    while (!this.#stopping.signal.aborted) {
      try {
        this.#copied ??= { revision: (await this.#options.topic.newest())?.revision ?? 0 };
        await this.#create(this.#copied.revision);
        await this.#copy();
        [this.#problem, told] = [undefined, undefined];
        await this.#wake.wait(60_000, this.#stopping.signal);
      } catch (error) {
        this.#problem = (error as Error).message;
        if (told !== this.#problem) log.warn({ err: error }, 'the lineage is not as it should be');
        told = this.#problem;
        await this.#wake.wait(retryAfterMs, this.#stopping.signal);
      }
    }
  }

  async #create(copiedRevision: number): Promise<void> {
    const { store, first, log } = this.#options;
    if (!this.#etcdHasNone) return;
    const known = Math.max(this.#newest?.revision ?? 0, copiedRevision);
    if (known > 0) throw new Error(`etcd has lost the lineage: revision ${known} was there before`);
    const created = await swapAndReadBack(store, undefined, first);
    if (created.outcome === 'unknown') throw new Error(`whether the first lineage was created is unknown: ${created.reason}`);
    const what = created.outcome === 'stored' ? 'created the first lineage' : 'another region created the first lineage';
    log.info({ outcome: created.outcome }, what);
    const readBack = await store.read();
    if (readBack !== undefined) this.see(readBack);
  }

  async #copy(): Promise<void> {
    const { topic } = this.#options;
    const copied = this.#copied!;
    if (this.#newest !== undefined && this.#newest.revision < copied.revision)
      throw new Error(`etcd is behind the region's copy: revision ${this.#newest.revision}, the topic holds ${copied.revision}`);
    for (let next = this.#toCopy[0]; next !== undefined; next = this.#toCopy[0]) {
      if (next.revision > this.#copied!.revision) {
        await topic.append(next);
        this.#copied = { revision: next.revision };
      }
      this.#toCopy.shift();
    }
  }
}
