import { assert } from '#kernel';
import {
  DoubtfulAppendError,
  LogChangedError,
  type Appended,
  type Appender,
  type CommandConsumer,
  type CommandConsumerOptions,
  type LogCluster,
  type LogReader,
  type ReaderOptions,
  type RefusedAppendError,
  type StoredRecord,
  type TopicDescription,
  type TopicPartition,
} from '#shard-log';
import type { SeededRandom } from '#test-kit';
import type { ConsumerGroup, GroupMember } from './consumer-group.ts';
import type { Kafka, KafkaTopic } from './kafka.ts';
import type { WorldProcess } from './process.ts';

export interface KafkaClientOptions {
  readonly kafka: Kafka;
  readonly owner: WorldProcess;
  readonly random: SeededRandom;
  readonly groupOf: (topic: string) => ConsumerGroup;
  /** Runs code of the owner. */
  readonly within: <T>(run: () => T) => T;
}

/** One process's connection to its region's Kafka: the port that all production code stands on. The world says when anything is delivered. */
export class KafkaClient implements LogCluster {
  readonly #options: KafkaClientOptions;
  readonly #readers: ClientReader[] = [];

  constructor(options: KafkaClientOptions) {
    this.#options = options;
  }

  /** Delivers at most one batch to each reader; `share` of them are served now. True: something was delivered. */
  deliver(share: number, recordsMax: number): boolean {
    const { owner, random, kafka } = this.#options;
    if (!owner.isRunning || !kafka.isUp) return false;
    let delivered = false;
    for (const reader of this.#readers) if (share >= 1 || random.chance(share)) delivered = reader.deliver(recordsMax) || delivered;
    return delivered;
  }

  /** Whether anything stands in the logs that was not delivered. */
  get isBehind(): boolean {
    return this.#readers.some((reader) => reader.isBehind);
  }

  /** Records of this topic come slowly, while others flow. */
  slowTopic: string | undefined;

  async createTopics(): Promise<void> {}

  async describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    this.#assertUp();
    return new Map(
      topics.flatMap((topic) => {
        const found = this.#options.kafka.topics.get(topic);
        return found === undefined ? [] : [[topic, { id: String(found.id), ends: found.partitions.map(({ length }) => length) }] as const];
      }),
    );
  }

  async endOffsets(topic: string): Promise<readonly number[]> {
    this.#assertUp();
    return this.#options.kafka.of(topic).partitions.map(({ length }) => length);
  }

  async topicId(topic: string): Promise<string | undefined> {
    this.#assertUp();
    const id = this.#options.kafka.topics.get(topic)?.id;
    return id === undefined ? undefined : String(id);
  }

  async appender(): Promise<Appender> {
    const { kafka, owner } = this.#options;
    return {
      append: (topic, partition, records) => kafka.submit(owner, topic, partition, records),
      appendEach: (batches) =>
        Promise.all(batches.map((batch) => settled(kafka.submit(owner, batch.topic, batch.partition, batch.records)))),
      close: async () => undefined,
    };
  }

  async read(options: ReaderOptions): Promise<LogReader> {
    const reader = new ClientReader(this, this.#options, options);
    this.#readers.push(reader);
    return reader;
  }

  async consumeCommands(options: CommandConsumerOptions): Promise<CommandConsumer> {
    const { owner, within } = this.#options;
    const group = this.#options.groupOf(options.topic);
    let readers: readonly ClientReader[] = [];
    const leaveAll = (): void => {
      for (const reader of readers) this.drop(reader);
      readers = [];
    };
    const member: GroupMember = {
      owner,
      assigned: (partitions) =>
        within(() => {
          leaveAll();
          options.onAssigned(partitions);
          readers = partitions.map((partition) => {
            const from = [{ topic: options.topic, partition, offset: group.committed(partition) }];
            const { group: name, onBatch, onStopped } = options;
            return new ClientReader(this, this.#options, { name, from, onBatch: (records) => onBatch(partition, records), onStopped });
          });
          this.#readers.push(...readers);
        }),
    };
    group.join(member);
    return {
      done: (partition, offset) => {
        if (readers.some((reader) => reader.follows(partition))) group.commit(partition, offset);
      },
      close: async () => {
        leaveAll();
        group.leave(member);
      },
    };
  }

  async close(): Promise<void> {
    this.#readers.length = 0;
  }

  drop(reader: ClientReader): void {
    const at = this.#readers.indexOf(reader);
    if (at >= 0) this.#readers.splice(at, 1);
  }

  #assertUp(): void {
    if (!this.#options.kafka.isUp) throw new DoubtfulAppendError('Kafka is away', { nothingSent: true });
  }
}

interface ReadPosition extends TopicPartition {
  readonly source: KafkaTopic;
  next: number;
  paused: boolean;
  /** Of the topic that it began to read. */
  readonly id: number;
}

class ClientReader implements LogReader {
  readonly #client: KafkaClient;
  readonly #with: KafkaClientOptions;
  readonly #options: ReaderOptions;
  readonly #positions: readonly ReadPosition[];
  #busy = false;

  constructor(client: KafkaClient, options: KafkaClientOptions, reading: ReaderOptions) {
    this.#client = client;
    this.#with = options;
    this.#options = reading;
    this.#positions = reading.from.map(({ topic, partition, offset }) => {
      const source = options.kafka.of(topic);
      return {
        topic,
        partition,
        source,
        next: offset === 'end' ? source.partitions[partition]!.length : offset,
        paused: false,
        id: source.id,
      };
    });
  }

  follows(partition: number): boolean {
    return this.#positions.some((position) => position.partition === partition);
  }

  get isBehind(): boolean {
    return this.#busy || this.#positions.some(hasMore);
  }

  deliver(recordsMax: number): boolean {
    if (this.#busy) return false;
    const position = this.#somethingNew();
    if (position === undefined) return false;
    const { random, within } = this.#with;
    if (position.topic === this.#client.slowTopic && !random.chance(0.03)) return false;
    const { source } = position;
    const log = source.partitions[position.partition]!;
    const isAnew = position.id !== source.id;
    if (isAnew || position.next > log.length) {
      this.#stop(new LogChangedError(`${position.topic} ${isAnew ? 'was created anew' : 'ends before the position'}`));
      return true;
    }
    const records = log.slice(position.next, position.next + recordsMax);
    this.#busy = true;
    within(() => void this.#hand(records, position));
    return true;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const position of this.#these(partitions)) position.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const position of this.#these(partitions)) position.paused = false;
  }

  async close(): Promise<void> {
    this.#client.drop(this);
  }

  /** Any of the partitions that have more. Asked for every reader at every step: it makes nothing. */
  #somethingNew(): ReadPosition | undefined {
    let count = 0;
    for (const position of this.#positions) if (hasMore(position)) count += 1;
    let left = count > 1 ? this.#with.random.below(count) : 0;
    return count === 0 ? undefined : this.#positions.find((position) => hasMore(position) && left-- === 0);
  }

  async #hand(records: readonly StoredRecord[], position: ReadPosition): Promise<void> {
    try {
      await this.#options.onBatch(records);
      position.next = records.at(-1)!.offset + 1;
      this.#busy = false;
    } catch (error) {
      this.#stop(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #stop(error: Error): void {
    this.#client.drop(this);
    this.#with.within(() => this.#options.onStopped(error));
  }

  #these(partitions: readonly TopicPartition[]): readonly ReadPosition[] {
    return this.#positions.filter((position) =>
      partitions.some((at) => at.topic === position.topic && at.partition === position.partition),
    );
  }
}

const hasMore = ({ source, partition, next, paused, id }: ReadPosition): boolean =>
  !paused && (source.partitions[partition]!.length !== next || id !== source.id);

/** As `appendEach` tells it: what became of each batch, never a rejection. */
async function settled(append: Promise<Appended>): Promise<Appended | DoubtfulAppendError | RefusedAppendError> {
  try {
    return await append;
  } catch (error) {
    assert(error instanceof DoubtfulAppendError, `an append fails in doubt: ${String(error)}`);
    return error;
  }
}
