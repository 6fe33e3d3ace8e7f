import { assert } from '#kernel';
import type { NewRecord, StoredRecord } from '../cluster.port.ts';
import { InMemoryGroup } from './in-memory-group.ts';

/**
 * What becomes of one append:
 * - `append`: it is in the log, and its writer is told;
 * - `append-in-doubt`: it is in the log, but its writer is told nothing (a lost answer);
 * - `lose`: it is not in the log, and its writer is told nothing (a lost request);
 * - `append-late`: its writer is told nothing, and it comes into the log later, at `releaseLate` (a zombie's last words).
 */
export type AppendFate = 'append' | 'append-in-doubt' | 'lose' | 'append-late';

export interface InMemoryBrokerOptions {
  /** Milliseconds since the epoch, for the records' timestamps. */
  readonly now: () => number;
  /** Runs a task later, each exactly once: the event loop, or a simulation's own queue. All delivery goes through here. */
  readonly schedule: (task: () => void) => void;
  readonly recordsPerBatchMax: number;
}

interface StoredTopic {
  readonly id: string;
  readonly partitions: StoredRecord[][];
}

/**
 * What one region's Kafka holds, in memory: logs that several `LogCluster`s share, with the faults that a test orders. Deterministic: it draws
 * no chance and reads no clock but the one it is given. Nothing is ever deleted but by `loseTail` and `recreate`.
 */
export class InMemoryLogs {
  readonly options: InMemoryBrokerOptions;
  readonly #topics = new Map<string, StoredTopic>();
  readonly #groups = new Map<string, InMemoryGroup>();
  readonly #watchers = new Set<() => void>();
  #created = 0;
  #late: (() => void)[] = [];
  #paused = false;
  /** Decides each append's fate; by default all are appended. */
  fateOf: (topic: string, partition: number, records: readonly NewRecord[]) => AppendFate = () => 'append';

  constructor(options: Partial<InMemoryBrokerOptions> = {}) {
    this.options = { now: () => Date.now(), schedule: (task) => void setImmediate(task), recordsPerBatchMax: 500, ...options };
  }

  /** The broker hangs: appends are in doubt and not in the log, readers get nothing, until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#changed();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Appends that were to come late come now, in their order. */
  releaseLate(): void {
    const late = this.#late;
    this.#late = [];
    for (const append of late) append();
  }

  /** The newest records are gone, as after the loss of a disk that was not replicated. */
  loseTail(topic: string, partition: number, count: number): void {
    this.log(topic, partition).splice(-count, count);
    this.#changed();
  }

  /** The topic is deleted and created again, empty and with a new id. */
  recreate(topic: string): void {
    const { partitions } = this.#known(topic);
    this.#topics.delete(topic);
    this.create(topic, partitions.length);
  }

  create(topic: string, partitions: number): void {
    assert(!this.#topics.has(topic), `${topic} does not exist yet`);
    assert(partitions > 0, 'a topic has partitions');
    this.#created += 1;
    this.#topics.set(topic, { id: `${topic}#${this.#created}`, partitions: Array.from({ length: partitions }, () => []) });
    this.#changed();
  }

  /** Number of partitions, or undefined when there is no such topic. */
  partitionsOf(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions.length;
  }

  idOf(topic: string): string | undefined {
    return this.#topics.get(topic)?.id;
  }

  /** All records of a partition, to look at. */
  log(topic: string, partition: number): StoredRecord[] {
    const log = this.#known(topic).partitions[partition];
    assert(log !== undefined, `${topic} has partition ${partition}`);
    return log;
  }

  /** Appends whatever the faults say: for adapters and mirrors. Returns the first offset. */
  store(topic: string, partition: number, records: readonly (NewRecord & { readonly timestampMs?: number })[]): number {
    const log = this.log(topic, partition);
    const firstOffset = log.length;
    for (const { key, headers, value, timestampMs } of records)
      log.push({
        topic,
        partition,
        offset: log.length,
        timestampMs: timestampMs ?? this.options.now(),
        key,
        headers: { ...headers },
        value,
      });
    this.#changed();
    return firstOffset;
  }

  storeLate(topic: string, partition: number, records: readonly NewRecord[]): void {
    this.#late.push(() => this.store(topic, partition, records));
  }

  group(name: string, topic: string): InMemoryGroup {
    const known = this.#groups.get(name) ?? new InMemoryGroup(topic);
    assert(known.topic === topic, `group ${name} consumes ${known.topic} only`);
    this.#groups.set(name, known);
    return known;
  }

  /** Calls back, through the schedule, whenever something may have changed; returns how to stop that. */
  watch(callback: () => void): () => void {
    let waiting = false;
    const watcher = () => {
      if (waiting) return;
      waiting = true;
      this.options.schedule(() => {
        waiting = false;
        if (this.#watchers.has(watcher)) callback();
      });
    };
    this.#watchers.add(watcher);
    watcher();
    return () => void this.#watchers.delete(watcher);
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #known(topic: string): StoredTopic {
    const known = this.#topics.get(topic);
    if (known === undefined) throw new Error(`no topic ${topic}`);
    return known;
  }
}
