import type { Logger } from 'pino';
import type { ShardId } from '#contracts';
import type { LogCluster, LogReader, ReaderOptions, StoredRecord } from '#shard-log';
import { repeat, type Repeating } from '../repeat.ts';
import { partitionKey, partitionOfKey, type SourceTopic } from './source-topic.ts';
import { TopicProbe, type Recreated, type TopicStatus } from './topic-probe.ts';

export interface LogTailOptions {
  /** In logs and metrics. */
  readonly name: string;
  readonly sources: readonly SourceTopic[];
  readonly cluster: LogCluster;
  readonly log: Logger;
  readonly probeEveryMs: number;
  /** As in `ReaderOptions`. */
  readonly restMs: NonNullable<ReaderOptions['restMs']>;
  /** Synchronous: what is read is known before anything is said of it. */
  readonly onBatch: (records: readonly StoredRecord[], sourceOf: (topic: string) => SourceTopic | undefined) => void;
  /** The topic will be read from 0, for it has another id. */
  readonly onRecreated: (source: SourceTopic) => void;
}

/** Where to go on: next offsets by `topic:partition`, and the ids of the topics that they belong to. */
export interface TailPositions {
  readonly offsets: Readonly<Record<string, number>>;
  readonly topicIds: Readonly<Record<string, string>>;
}

/**
 * Follows some topics from known positions. A reader that breaks or stands still is built anew where it was; a topic that was created
 * anew is read from 0.
 */
export class LogTail {
  readonly #options: LogTailOptions;
  readonly #sources: ReadonlyMap<string, SourceTopic>;
  readonly #next = new Map<string, number>();
  readonly #probe: TopicProbe;
  readonly #heldBy = new Map<string, Set<ShardId>>();
  /** Topics that are to be read again: what the present reader still brings of them comes again, in order. */
  readonly #passedOver = new Set<string>();
  #reader: LogReader | undefined;
  #probing: Repeating | undefined;
  /** Changes of the reader happen one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #reopenDue = true;
  /** By partition the end as of the first opening, while it is not reached. Undefined before. */
  #toReach: Map<string, number> | undefined;
  #closed = false;

  constructor(options: LogTailOptions, from: TailPositions | undefined) {
    this.#options = options;
    this.#sources = new Map(options.sources.map((source) => [source.topic, source]));
    for (const [key, offset] of Object.entries(from?.offsets ?? {}))
      if (this.#sources.has(partitionOfKey(key).topic)) this.#next.set(key, offset);
    this.#probe = new TopicProbe(
      options.cluster,
      new Map(Object.entries(from?.topicIds ?? {}).filter(([topic]) => this.#sources.has(topic))),
    );
  }

  start(): void {
    const { log, name, probeEveryMs } = this.#options;
    this.#probing = repeat(
      probeEveryMs,
      () => this.#check(),
      (error) => {
        this.#probe.failed(error.message);
        log.warn({ err: error, tail: name }, 'the logs cannot be probed');
      },
    );
  }

  /** Reads these topics again from their start. */
  readAgain(topics: readonly string[]): void {
    const ends = this.#probe.ends();
    for (const topic of topics) {
      this.#fromStart(topic);
      for (const [key, end] of ends) if (partitionOfKey(key).topic === topic) this.#toReach?.set(key, end);
    }
    if (this.#probing === undefined) return; // nothing is read yet
    for (const topic of topics) this.#passedOver.add(topic);
    void this.#inTurn('read again', async () => {
      await this.#stopReading();
      await this.#open();
    });
  }

  follows(topic: string): boolean {
    return this.#sources.has(topic);
  }

  /** Delivers nothing of the partition while any shard asks for it. */
  hold(at: { readonly topic: string; readonly partition: number }, shard: ShardId, held: boolean): void {
    const key = partitionKey(at);
    const holders = this.#heldBy.get(key) ?? new Set();
    if (held) holders.add(shard);
    else holders.delete(shard);
    if (holders.size > 0) {
      this.#heldBy.set(key, holders);
      this.#reader?.pause([at]);
    } else if (this.#heldBy.delete(key)) this.#reader?.resume([at]);
  }

  /** Whether all that stood in the topics when they were first opened has been read. A partition that is held back is not waited for. */
  get isCurrent(): boolean {
    if (this.#toReach === undefined) return false;
    for (const [key, end] of this.#toReach) if ((this.#next.get(key) ?? 0) >= end || this.#heldBy.has(key)) this.#toReach.delete(key);
    return this.#toReach.size === 0;
  }

  /** Next offset per partition that was read, as they stand. */
  positions(): TailPositions {
    return { offsets: Object.fromEntries(this.#next), topicIds: Object.fromEntries(this.#probe.topicIds) };
  }

  status(): { readonly topics: readonly TopicStatus[]; readonly problem: string | undefined } {
    const waiting = this.#reader === undefined || this.#reopenDue ? `${this.#options.name} are not being read` : undefined;
    return { topics: this.#probe.status(), problem: waiting ?? this.#probe.problem() };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#probing?.stop();
    await this.#turn;
    await this.#stopReading();
  }

  /** Also the first opening: before it, a topic may have been created anew while nobody looked. */
  async #check(): Promise<void> {
    const recreated = await this.#probe.ask(this.#options.sources, this.#next);
    const stuck = this.#probe.stuck([...this.#heldBy.keys()]);
    if (stuck.length > 0) this.#options.log.warn({ partitions: stuck }, 'records wait and none is read: reading anew');
    if (recreated.length === 0 && stuck.length === 0 && !this.#reopenDue) return;
    await this.#inTurn('probe', async () => {
      await this.#stopReading();
      this.#recreated(recreated);
      await this.#open();
    });
  }

  #recreated(topics: readonly Recreated[]): void {
    for (const { source, id } of topics) {
      this.#options.log.warn({ topic: source.topic }, 'the topic was created anew: it is read from its start');
      this.#options.onRecreated(source);
      this.#fromStart(source.topic);
      this.#probe.topicIds.set(source.topic, id);
    }
  }

  #fromStart(topic: string): void {
    for (const key of this.#next.keys()) if (partitionOfKey(key).topic === topic) this.#next.set(key, 0);
  }

  async #open(): Promise<void> {
    if (this.#closed) return;
    const { cluster, sources, name, restMs } = this.#options;
    const from = sources.flatMap(({ topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({
        topic,
        partition,
        offset: this.#next.get(partitionKey({ topic, partition })) ?? 0,
      })),
    );
    this.#reopenDue = true; // until it is open
    this.#passedOver.clear();
    this.#toReach ??= this.#probe.ends();
    this.#reader = await cluster.read({
      name,
      from,
      restMs,
      onBatch: async (records) => this.#onBatch(records),
      onStopped: (error) => {
        this.#reopenDue = true;
        this.#options.log.error({ err: error, tail: name }, 'reading stopped: reading anew');
      },
    });
    this.#reopenDue = false;
    const held = [...this.#heldBy.keys()].map(partitionOfKey);
    if (held.length > 0) this.#reader.pause(held);
  }

  async #stopReading(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close().catch((error: Error) => this.#options.log.warn({ err: error }, 'a broken reader did not close'));
  }

  #onBatch(batch: readonly StoredRecord[]): void {
    const records = this.#passedOver.size === 0 ? batch : batch.filter(({ topic }) => !this.#passedOver.has(topic));
    for (const record of records) this.#next.set(partitionKey(record), record.offset + 1);
    this.#options.onBatch(records, (topic) => this.#sources.get(topic));
  }

  #inTurn(what: string, change: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (this.#closed) return;
      try {
        await change();
      } catch (error) {
        this.#reopenDue = true; // the next probe tries again
        this.#options.log.warn({ err: error, what, tail: this.#options.name }, 'the logs cannot be read');
      }
    });
    return this.#turn;
  }
}
