import type { LogCluster, LogReader, NewRecord, ReaderOptions, StoredRecord, TopicPartition } from '../cluster.port.ts';

interface FakeTopic {
  readonly id: string;
  readonly partitions: StoredRecord[][];
}

interface FakeReader {
  readonly options: ReaderOptions;
  readonly next: Map<string, number>;
  readonly paused: Set<string>;
  stopped: boolean;
}

const key = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

/** As much of a cluster as a feed needs. Records move only in `deliver`, so that a test decides when. */
export class FakeCluster implements Pick<LogCluster, 'topicId' | 'read'> {
  readonly #topics = new Map<string, FakeTopic>();
  #readers: FakeReader[] = [];
  #created = 0;
  readonly batchMax: number;
  /** What the next records are stamped with. */
  nowMs = 0;

  constructor(batchMax = 100) {
    this.batchMax = batchMax;
  }

  /** A feed asks for ids and reads; anything else would be a mistake of the test. */
  get port(): LogCluster {
    return this as unknown as LogCluster;
  }

  append(topic: string, partition: number, ...records: readonly NewRecord[]): void {
    const known = this.#topics.get(topic) ?? { id: `id-${++this.#created}`, partitions: [] };
    this.#topics.set(topic, known);
    while (known.partitions.length <= partition) known.partitions.push([]);
    const log = known.partitions[partition]!;
    for (const record of records) log.push({ ...record, topic, partition, offset: log.length, timestampMs: this.nowMs });
  }

  recreate(topic: string): void {
    this.#topics.delete(topic);
    for (const reader of this.#readers)
      for (const at of reader.next.keys()) if (at.startsWith(`${topic}:`)) reader.next.set(at, Number.POSITIVE_INFINITY);
  }

  topicId(topic: string): Promise<string | undefined> {
    return Promise.resolve(this.#topics.get(topic)?.id);
  }

  read(options: ReaderOptions): Promise<LogReader> {
    const next = new Map(options.from.map((from) => [key(from), from.offset === 'end' ? this.#log(from).length : from.offset]));
    const reader: FakeReader = { options, next, paused: new Set(), stopped: false };
    this.#readers.push(reader);
    return Promise.resolve({
      pause: (partitions: readonly TopicPartition[]) => partitions.forEach((at) => reader.paused.add(key(at))),
      resume: (partitions: readonly TopicPartition[]) => partitions.forEach((at) => reader.paused.delete(key(at))),
      close: () => {
        this.#readers = this.#readers.filter((other) => other !== reader);
        return Promise.resolve();
      },
    });
  }

  /** Delivers all that can be delivered; partitions that are paused keep what they have. */
  async deliver(): Promise<void> {
    for (let moved = true; moved;) {
      moved = false;
      for (const reader of this.#readers) for (const from of reader.options.from) moved = (await this.#deliverBatch(reader, from)) || moved;
    }
  }

  async #deliverBatch(reader: FakeReader, from: TopicPartition): Promise<boolean> {
    const offset = reader.next.get(key(from)) ?? 0;
    const batch = this.#log(from).slice(offset, offset + this.batchMax);
    if (reader.stopped || reader.paused.has(key(from)) || batch.length === 0) return false;
    reader.next.set(key(from), offset + batch.length);
    try {
      await reader.options.onBatch(batch);
    } catch (error) {
      reader.stopped = true;
      reader.options.onStopped(error as Error);
    }
    return true;
  }

  #log({ topic, partition }: TopicPartition): readonly StoredRecord[] {
    return this.#topics.get(topic)?.partitions[partition] ?? [];
  }
}
