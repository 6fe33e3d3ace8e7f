import type { InMemoryBroker } from './in-memory-broker.ts';

export interface InMemoryMirrorOptions {
  readonly from: InMemoryBroker;
  readonly to: InMemoryBroker;
  /** The region that `from` belongs to: what the mirrors' names begin with. */
  readonly origin: string;
  readonly topics: readonly string[];
}

/**
 * MirrorMaker in memory: copies topics as `<origin>.<topic>`, at least once. It copies nothing by itself until `follow`, so a
 * simulation chooses the lag step by step. Like the real one it goes on silently over what its source has lost.
 */
export class InMemoryMirror {
  readonly #options: InMemoryMirrorOptions;
  readonly #next = new Map<string, number>();
  #unwatch: (() => void) | undefined;

  constructor(options: InMemoryMirrorOptions) {
    this.#options = options;
  }

  mirrorOf(topic: string): string {
    return `${this.#options.origin}.${topic}`;
  }

  /** Copies at most so many records, partition by partition, and says how many it copied. */
  copy(recordsMax = Number.POSITIVE_INFINITY): number {
    let copied = 0;
    for (const topic of this.#options.topics)
      for (let partition = 0; partition < (this.#options.from.partitionsOf(topic) ?? 0); partition += 1)
        copied += this.copyPartition(topic, partition, recordsMax - copied);
    return copied;
  }

  /** The same for one partition: the order between partitions is the caller's choice. */
  copyPartition(topic: string, partition: number, recordsMax = Number.POSITIVE_INFINITY): number {
    const { from, to } = this.#options;
    const partitions = from.partitionsOf(topic);
    if (partitions === undefined || from.paused || to.paused) return 0;
    const mirror = this.mirrorOf(topic);
    if (to.partitionsOf(mirror) === undefined) to.create(mirror, partitions);
    const log = from.log(topic, partition);
    const next = Math.min(this.#next.get(`${topic}:${partition}`) ?? 0, log.length);
    const records = log.slice(next, next + recordsMax);
    if (records.length > 0) to.store(mirror, partition, records);
    this.#next.set(`${topic}:${partition}`, next + records.length);
    return records.length;
  }

  /** How many records of the partition are still to be copied. */
  lag(topic: string, partition: number): number {
    return this.#options.from.log(topic, partition).length - (this.#next.get(`${topic}:${partition}`) ?? 0);
  }

  /** It was killed before it had stored its position: these records come again. */
  rewind(topic: string, partition: number, records: number): void {
    const name = `${topic}:${partition}`;
    this.#next.set(name, Math.max(0, (this.#next.get(name) ?? 0) - records));
  }

  /** A fault that must be noticed: these records never reach the mirror. */
  skip(topic: string, partition: number, records: number): void {
    const name = `${topic}:${partition}`;
    this.#next.set(name, (this.#next.get(name) ?? 0) + records);
  }

  /** Copies whatever comes, as soon as the source's schedule lets it, until `hold`. */
  follow(): void {
    this.#unwatch ??= this.#options.from.watch(() => void this.copy());
  }

  /** A cut link: nothing is copied until `follow` or `copy`. */
  hold(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }
}
