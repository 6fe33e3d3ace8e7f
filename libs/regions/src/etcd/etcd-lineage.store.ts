import { setTimeout as sleep } from 'node:timers/promises';
import { lineageSchema, type Lineage } from '#contracts';
import {
  LineageUnavailableError,
  type LineageStore,
  type LineageWatch,
  type StoredLineage,
  type SwapOutcome,
} from '../lineage-store.port.ts';
import { EtcdClient, EtcdUnknownError, textOf, type EtcdKeyValue, type EtcdOptions, type EtcdWatchEvent } from './etcd.client.ts';

export interface EtcdLineageOptions extends EtcdOptions {
  /** Default `/evenkeel/lineage`. */
  readonly key?: string;
  /** A watch also reads this often: a member that has lost the majority keeps its watches open and silent. */
  readonly readEveryMs?: number;
  /** Pause before a broken watch is opened again. */
  readonly retryAfterMs?: number;
}

/** The lineage in etcd, under one key. A call that does not end in time is `unknown`. */
export class EtcdLineageStore implements LineageStore {
  readonly #client: EtcdClient;
  readonly #key: string;
  readonly #readEveryMs: number;
  readonly #retryAfterMs: number;
  readonly #watches = new Set<LineageWatch>();

  constructor(options: EtcdLineageOptions) {
    this.#client = new EtcdClient(options);
    this.#key = options.key ?? '/evenkeel/lineage';
    this.#readEveryMs = options.readEveryMs ?? 2_000;
    this.#retryAfterMs = options.retryAfterMs ?? 250;
  }

  async read(): Promise<StoredLineage | undefined> {
    try {
      return storedLineageOf((await this.#client.get(this.#key)).entry);
    } catch (cause) {
      throw new LineageUnavailableError(`cannot read the lineage: ${(cause as Error).message}`, { cause });
    }
  }

  async create(lineage: Lineage): Promise<SwapOutcome> {
    return this.compareAndSwap(0, lineage); // etcd: a key that is not there has mod revision 0
  }

  async compareAndSwap(revision: number, lineage: Lineage): Promise<SwapOutcome> {
    try {
      const answer = await this.#client.putIf(this.#key, revision, JSON.stringify(lineage));
      return answer.put
        ? { outcome: 'stored', revision: answer.revision }
        : { outcome: 'conflict', current: storedLineageOf(answer.current) };
    } catch (error) {
      if (error instanceof EtcdUnknownError) return { outcome: 'unknown', reason: error.message };
      throw error;
    }
  }

  watch(onChange: (stored: StoredLineage) => void, onError: (error: Error) => void): LineageWatch {
    const stop = new AbortController();
    let newest = 0;
    const tell = (stored: StoredLineage | undefined): void => {
      if (stored === undefined || stored.revision <= newest || stop.signal.aborted) return;
      newest = stored.revision;
      onChange(stored);
    };
    const untilStopped = async (step: () => Promise<void>, pauseMs: number): Promise<void> => {
      while (!stop.signal.aborted) {
        await step().catch((error: unknown) => {
          if (!stop.signal.aborted) onError(error instanceof Error ? error : new Error(String(error)));
        });
        await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => {}); // ends early when stopped
      }
    };
    const reading = untilStopped(async () => tell(await this.read()), this.#readEveryMs);
    const watching = untilStopped(async () => {
      const { entry, revision } = await this.#client.get(this.#key);
      tell(storedLineageOf(entry));
      const onEvents = (events: readonly EtcdWatchEvent[]): void => {
        for (const event of events) if (event.type === 'PUT') tell(storedLineageOf(event.kv));
      };
      await this.#client.watch(this.#key, revision + 1, stop.signal, onEvents);
    }, this.#retryAfterMs);
    const watch: LineageWatch = {
      close: async () => {
        stop.abort();
        this.#watches.delete(watch);
        await Promise.all([reading, watching]);
      },
    };
    this.#watches.add(watch);
    return watch;
  }

  async close(): Promise<void> {
    const watches = [...this.#watches].map((watch) => watch.close());
    this.#client.close();
    await Promise.all(watches);
  }
}

/** The value of the lineage's key. */
export const storedLineageOf = (entry: EtcdKeyValue | undefined): StoredLineage | undefined =>
  entry && { lineage: lineageSchema.parse(JSON.parse(textOf(entry.value))), revision: entry.mod_revision };
