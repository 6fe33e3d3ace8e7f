import { type Lineage, partitionOf, type Region, type Service, shardId } from '#contracts';
import { decodeLineage, type LogCluster, type LogReader, type StoredRecord } from '#shard-log';
import type { OwnerLookup } from './owner-lookup.port.ts';

export interface LineageOwnersOptions {
  readonly partitions: number;
  readonly cluster: Pick<LogCluster, 'read'>;
  readonly onTrouble: (message: string, error: unknown) => void;
  /** Before the topic is opened again. Default 1 s. */
  readonly retryMs?: number;
}

/**
 * Who owns what, from this region's `lineage` topic: known a few milliseconds after the agent has written it. While Kafka cannot be
 * asked, what was last read holds, and before the first reading the home: the services that are asked know better, and say so.
 */
export class LineageOwners implements OwnerLookup {
  readonly #options: LineageOwnersOptions;
  readonly #listeners = new Set<() => void>();
  #known: { readonly revision: number; readonly lineage: Lineage } | undefined;
  #reader: LogReader | undefined;
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(options: LineageOwnersOptions) {
    this.#options = options;
  }

  get lineage(): Lineage | undefined {
    return this.#known?.lineage;
  }

  /** Begins to read and does not wait for it: an edge without Kafka still forwards. */
  start(): void {
    this.#opening = this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#opening;
    await this.#reader?.close();
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  ownerOf(service: Service, home: Region, key: string | undefined): Region {
    const { partitions } = this.#options;
    if (key !== undefined) return this.#ownerOf(service, home, partitionOf(key, partitions));
    const owned = new Map<Region, number>();
    for (let partition = 0; partition < partitions; partition++) {
      const owner = this.#ownerOf(service, home, partition);
      owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    return [...owned].reduce((most, each) => (each[1] > most[1] ? each : most))[0];
  }

  #ownerOf(service: Service, home: Region, partition: number): Region {
    return this.lineage?.shards[shardId({ service, home, partition })]?.at(-1)?.owner ?? home;
  }

  async #open(): Promise<void> {
    try {
      await this.#reader?.close();
      this.#reader = await this.#options.cluster.read({
        name: 'storefront-lineage',
        from: [{ topic: 'lineage', partition: 0, offset: 0 }],
        onBatch: async (records) => this.#learn(records),
        onStopped: (error) => this.#openLater('the lineage topic is opened anew', error),
      });
    } catch (error) {
      this.#openLater('the lineage topic cannot be read: what was last known holds', error);
    }
  }

  #openLater(message: string, error: unknown): void {
    if (this.#closed) return;
    this.#options.onTrouble(message, error);
    this.#timer = setTimeout(() => {
      this.#opening = this.#open();
    }, this.#options.retryMs ?? 1_000);
  }

  #learn(records: readonly StoredRecord[]): void {
    const before = this.#known;
    for (const record of records) {
      const decoded = decodeLineage(record);
      if (!decoded.readable) this.#options.onTrouble('a record of the lineage topic cannot be read', decoded.reason);
      else if (this.#known === undefined || decoded.value.revision > this.#known.revision) this.#known = decoded.value;
    }
    if (this.#known !== before) for (const listener of this.#listeners) listener();
  }
}
