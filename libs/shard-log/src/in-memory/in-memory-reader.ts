import { LogChangedError, type LogReader, type ReaderOptions, type StoredRecord, type TopicPartition } from '../cluster.port.ts';
import type { InMemoryLogs } from './in-memory-logs.ts';

interface Position extends TopicPartition {
  next: number;
  paused: boolean;
  topicId: string | undefined;
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

/** Delivers partitions in turn, one batch per step of the broker's schedule, so that no partition starves another. */
export class InMemoryReader implements LogReader {
  readonly #broker: InMemoryLogs;
  readonly #options: ReaderOptions;
  readonly #positions: Position[];
  readonly #unwatch: () => void;
  #running: Promise<void> | undefined;
  /** Something may have come while a batch was with its receiver. */
  #stepAgain = false;
  #turn = 0;
  #closed = false;

  constructor(broker: InMemoryLogs, options: ReaderOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#positions = options.from.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      next: offset === 'end' ? (broker.partitionsOf(topic) === undefined ? 0 : broker.log(topic, partition).length) : offset,
      paused: false,
      topicId: undefined,
    }));
    this.#unwatch = broker.watch(() => this.#step());
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#position(partition).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#position(partition).paused = false;
    this.#broker.options.schedule(() => this.#step());
  }

  async close(): Promise<void> {
    this.#end();
    await this.#running;
  }

  /** What a crash of its process looks like: nothing more is delivered, nothing is awaited. */
  crash(): void {
    this.#end();
  }

  nextOffset(partition: TopicPartition): number {
    return this.#position(partition).next;
  }

  #step(): void {
    if (this.#closed || this.#broker.paused) return;
    if (this.#running !== undefined) {
      this.#stepAgain = true;
      return;
    }
    this.#running = this.#deliverOne().finally(() => {
      this.#running = undefined;
      if (this.#stepAgain) this.#broker.options.schedule(() => this.#step());
      this.#stepAgain = false;
    });
  }

  async #deliverOne(): Promise<void> {
    try {
      const found = this.#nextBatch();
      if (found === undefined) return;
      const { position, records } = found;
      await this.#options.onBatch(records);
      position.next = records.at(-1)!.offset + 1;
      this.#stepAgain = true;
    } catch (error) {
      if (this.#closed) return;
      this.#end();
      this.#options.onStopped(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #nextBatch(): { readonly position: Position; readonly records: readonly StoredRecord[] } | undefined {
    for (let tried = 0; tried < this.#positions.length; tried += 1) {
      const position = this.#positions[this.#turn]!;
      this.#turn = (this.#turn + 1) % this.#positions.length;
      if (position.paused || this.#broker.partitionsOf(position.topic) === undefined) continue;
      const log = this.#verifiedLog(position);
      if (position.next < log.length)
        return { position, records: log.slice(position.next, position.next + this.#broker.options.recordsPerBatchMax) };
    }
    return undefined;
  }

  #verifiedLog(position: Position): readonly StoredRecord[] {
    const id = this.#broker.idOf(position.topic);
    position.topicId ??= id;
    if (position.topicId !== id) throw new LogChangedError(`${position.topic} was created anew`);
    const log = this.#broker.log(position.topic, position.partition);
    if (position.next > log.length)
      throw new LogChangedError(`${nameOf(position)} ends at ${log.length}, before the position ${position.next}`);
    return log;
  }

  #position(partition: TopicPartition): Position {
    const position = this.#positions.find((candidate) => nameOf(candidate) === nameOf(partition));
    if (position === undefined) throw new Error(`${nameOf(partition)} is not read here`);
    return position;
  }

  #end(): void {
    this.#closed = true;
    this.#unwatch();
  }
}
