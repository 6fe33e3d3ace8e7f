import type { CommandConsumer, CommandConsumerOptions } from '../cluster.port.ts';
import type { InMemoryLogs } from './in-memory-logs.ts';
import type { InMemoryGroup } from './in-memory-group.ts';
import { InMemoryReader } from './in-memory-reader.ts';

/** A member of a group: done marks are committed at once, and a partition that stays is read on where it was. */
export class InMemoryCommandConsumer implements CommandConsumer {
  readonly #broker: InMemoryLogs;
  readonly #options: CommandConsumerOptions;
  readonly #group: InMemoryGroup;
  readonly #readers = new Map<number, InMemoryReader>();
  #leave: () => void = () => undefined;
  #closed = false;

  constructor(broker: InMemoryLogs, options: CommandConsumerOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#group = broker.group(options.group, options.topic);
    broker.options.schedule(() => this.#join());
  }

  done(partition: number, offset: number): void {
    if (this.#readers.has(partition)) this.#group.commit(partition, offset);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const reading = [...this.#readers.values()];
    await Promise.all(reading.map((reader) => reader.close()));
    this.#readers.clear();
    this.#leave();
  }

  crash(): void {
    this.#closed = true;
    for (const reader of this.#readers.values()) reader.crash();
    this.#readers.clear();
    this.#leave();
  }

  #join(): void {
    if (this.#closed) return;
    const partitions = this.#broker.partitionsOf(this.#options.topic);
    if (partitions === undefined) return this.#stop(new Error(`no topic ${this.#options.topic}`));
    this.#leave = this.#group.join({ onGeneration: (share) => this.#take(share) }, partitions);
  }

  #take(partitions: readonly number[]): void {
    if (this.#closed) return;
    for (const [partition, reader] of this.#readers)
      if (!partitions.includes(partition)) {
        reader.crash();
        this.#readers.delete(partition);
      }
    this.#options.onAssigned(partitions);
    const { topic, group } = this.#options;
    for (const partition of partitions) {
      if (this.#readers.has(partition)) continue;
      const reader = new InMemoryReader(this.#broker, {
        name: group,
        from: [{ topic, partition, offset: this.#group.committed(partition) }],
        onBatch: (records) => this.#options.onBatch(partition, records),
        onStopped: (error) => this.#stop(error),
      });
      this.#readers.set(partition, reader);
    }
  }

  #stop(error: Error): void {
    if (this.#closed) return;
    this.crash();
    this.#options.onStopped(error);
  }
}
