import {
  DoubtfulAppendError,
  oneByOne,
  type Appender,
  type LogCluster,
  type NewRecord,
  type ReaderOptions,
  type StoredRecord,
} from '#shard-log';

interface OpenReader {
  readonly options: ReaderOptions;
  readonly next: Map<string, number>;
  readonly paused: Set<string>;
  closed: boolean;
}

/**
 * A region's cluster in this process whose every step a test orders: mirrors that are created anew, appends whose answer is lost,
 * readers that break. Not a model of Kafka: the adapters' contract suite is elsewhere.
 */
export class ScriptedCluster {
  readonly #topics = new Map<string, { id: number; partitions: StoredRecord[][] }>();
  readonly #readers = new Set<OpenReader>();
  #topicIds = 0;
  loseNextAnswer = false;
  /** Appends wait for it. */
  gate: Promise<void> = Promise.resolve();
  appends = 0;

  create(topic: string, partitions: number): void {
    this.#topics.set(topic, { id: ++this.#topicIds, partitions: Array.from({ length: partitions }, () => []) });
  }

  records(topic: string, partition = 0): readonly StoredRecord[] {
    return this.#topics.get(topic)?.partitions[partition] ?? [];
  }

  put(topic: string, partition: number, records: readonly NewRecord[]): number {
    const stored = this.#topics.get(topic)?.partitions[partition];
    if (stored === undefined) throw new Error(`no ${topic}:${partition}`);
    const firstOffset = stored.length;
    for (const record of records) stored.push({ ...record, topic, partition, offset: stored.length, timestampMs: 0 });
    for (const reader of this.#readers) void this.#deliver(reader);
    return firstOffset;
  }

  breakReaders(): void {
    for (const reader of this.#readers) {
      reader.closed = true;
      reader.options.onStopped(new Error('broken, as ordered'));
    }
  }

  port(): LogCluster {
    return {
      createTopics: async (topics) => {
        for (const { topic, partitions } of topics) if (!this.#topics.has(topic)) this.create(topic, partitions);
      },
      describe: async (topics) =>
        new Map(
          topics.flatMap((topic) => {
            const found = this.#topics.get(topic);
            return found === undefined
              ? []
              : [[topic, { id: found.id.toString(), ends: found.partitions.map((records) => records.length) }] as const];
          }),
        ),
      endOffsets: async (topic) => {
        const found = this.#topics.get(topic);
        if (found === undefined) throw new Error(`no topic ${topic}`);
        return found.partitions.map((records) => records.length);
      },
      topicId: async (topic) => this.#topics.get(topic)?.id.toString(),
      appender: async () => {
        const append: Appender['append'] = (topic, partition, records) => this.#append(topic, partition, records);
        return { append, appendEach: oneByOne(append), close: async () => {} };
      },
      read: async (options) => {
        const at = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}:${partition}`;
        const next = new Map(
          options.from.map((from) => [at(from), from.offset === 'end' ? this.records(from.topic, from.partition).length : from.offset]),
        );
        const reader: OpenReader = { options, next, paused: new Set(), closed: false };
        this.#readers.add(reader);
        queueMicrotask(() => void this.#deliver(reader));
        return {
          pause: (partitions) => partitions.forEach((partition) => reader.paused.add(at(partition))),
          resume: (partitions) => {
            for (const partition of partitions) reader.paused.delete(at(partition));
            void this.#deliver(reader);
          },
          close: async () => {
            reader.closed = true;
            this.#readers.delete(reader);
          },
        };
      },
      consumeCommands: () => Promise.reject(new Error('an agent consumes no commands')),
      close: async () => {},
    };
  }

  async #append(topic: string, partition: number, records: readonly NewRecord[]): Promise<{ firstOffset: number }> {
    this.appends += 1;
    await this.gate;
    const firstOffset = this.put(topic, partition, records);
    if (this.loseNextAnswer) {
      this.loseNextAnswer = false;
      throw new DoubtfulAppendError('the answer was lost, as ordered');
    }
    return { firstOffset };
  }

  async #deliver(reader: OpenReader): Promise<void> {
    for (const { topic, partition } of reader.options.from) {
      const key = `${topic}:${partition}`;
      const from = reader.next.get(key) ?? 0;
      const records = this.records(topic, partition).slice(from);
      if (records.length === 0 || reader.closed || reader.paused.has(key)) continue;
      reader.next.set(key, from + records.length);
      await reader.options.onBatch(records);
    }
  }
}
