import { assert } from '#kernel';
import {
  DoubtfulAppendError,
  RefusedAppendError,
  type Appended,
  type Appender,
  type CommandConsumer,
  type CommandConsumerOptions,
  type LogCluster,
  type LogReader,
  type NewRecord,
  type ReaderOptions,
  type TopicDescription,
} from '../cluster.port.ts';
import type { InMemoryLogs } from './in-memory-logs.ts';
import { InMemoryCommandConsumer } from './in-memory-command-consumer.ts';
import { InMemoryReader } from './in-memory-reader.ts';
import { oneByOne } from './one-by-one.ts';

/** As the real broker is set up. */
const recordBytesMax = 8 * 1024 * 1024;

/** One process's client of an in-memory broker. */
export class InMemoryCluster implements LogCluster {
  readonly #broker: InMemoryLogs;
  readonly #handedOut = new Set<{ close(): Promise<void>; crash(): void }>();

  constructor(broker: InMemoryLogs) {
    this.#broker = broker;
  }

  async createTopics(topics: Parameters<LogCluster['createTopics']>[0]): Promise<void> {
    for (const { topic, partitions } of topics) {
      const existing = this.#broker.partitionsOf(topic);
      if (existing === undefined) this.#broker.create(topic, partitions);
      else if (existing !== partitions) throw new Error(`${topic} has ${existing} partitions, not ${partitions}`);
    }
  }

  async describe(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    const described = topics.map((topic) => [topic, this.#describe(topic)] as const);
    return new Map(described.flatMap(([topic, found]) => (found === undefined ? [] : [[topic, found] as const])));
  }

  async endOffsets(topic: string): Promise<readonly number[]> {
    const described = this.#describe(topic);
    if (described === undefined) throw new Error(`no topic ${topic}`);
    return described.ends;
  }

  async topicId(topic: string): Promise<string | undefined> {
    return this.#broker.idOf(topic);
  }

  async appender(_name: string): Promise<Appender> {
    return this.#tracked(new InMemoryAppender(this.#broker));
  }

  async read(options: ReaderOptions): Promise<LogReader> {
    return this.#tracked(new InMemoryReader(this.#broker, options));
  }

  async consumeCommands(options: CommandConsumerOptions): Promise<CommandConsumer> {
    return this.#tracked(new InMemoryCommandConsumer(this.#broker, options));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handedOut].map((handed) => handed.close()));
    this.#handedOut.clear();
  }

  /** The process is gone: nothing is awaited, nothing is delivered any more, its group members are missed at once. */
  crash(): void {
    for (const handed of this.#handedOut) handed.crash();
    this.#handedOut.clear();
  }

  #describe(topic: string): TopicDescription | undefined {
    const [id, partitions] = [this.#broker.idOf(topic), this.#broker.partitionsOf(topic)];
    if (id === undefined || partitions === undefined) return undefined;
    return { id, ends: Array.from({ length: partitions }, (_, partition) => this.#broker.log(topic, partition).length) };
  }

  #tracked<T extends { close(): Promise<void>; crash(): void }>(handed: T): T {
    this.#handedOut.add(handed);
    return handed;
  }
}

class InMemoryAppender implements Appender {
  readonly appendEach = oneByOne((...batch) => this.append(...batch));
  readonly #broker: InMemoryLogs;
  #closed = false;

  constructor(broker: InMemoryLogs) {
    this.#broker = broker;
  }

  async append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    assert(records.length > 0, 'an append has records');
    if (this.#closed) throw new DoubtfulAppendError('the appender is closed', { nothingSent: true });
    const partitions = this.#broker.partitionsOf(topic);
    if (partitions === undefined || partition >= partitions)
      throw new DoubtfulAppendError(`no ${topic}:${partition}`, { nothingSent: true });
    const bytes = records.reduce((sum, { value }) => sum + Buffer.byteLength(value ?? ''), 0);
    if (bytes > recordBytesMax) throw new RefusedAppendError(`${bytes} bytes are more than ${recordBytesMax}`);
    const fate = this.#broker.paused ? 'lose' : this.#broker.fateOf(topic, partition, records);
    if (fate === 'append-late') this.#broker.storeLate(topic, partition, records);
    if (fate === 'lose' || fate === 'append-late') throw new DoubtfulAppendError(`append to ${topic}:${partition}: no answer`);
    const firstOffset = this.#broker.store(topic, partition, records);
    if (fate === 'append-in-doubt') throw new DoubtfulAppendError(`append to ${topic}:${partition}: no answer`);
    return { firstOffset };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  crash(): void {
    this.#closed = true;
  }
}
