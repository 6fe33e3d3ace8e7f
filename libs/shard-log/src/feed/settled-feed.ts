import type { Region, Service, ShardId } from '#contracts';
import type { LogCluster, LogReader, ReaderOptions, StoredRecord, TopicPartition } from '../cluster.port.ts';
import type { FeedCheckpoint, SettledBatch, SettledFeed } from '../settled-feed.port.ts';
import { FeedState, type FeedObserver, type FeedOutcome } from './feed-state.ts';

export interface SettledFeedOptions {
  /** Name in logs and metrics. */
  readonly name: string;
  readonly here: Region;
  readonly topology: { readonly regions: readonly Region[]; readonly partitions: number };
  /** The services whose commits are wanted. A checkpoint serves the services it was made with. */
  readonly services: readonly Service[];
  readonly cluster: LogCluster;
  readonly from: FeedCheckpoint | undefined;
  /**
   * Called serially; nothing more is read until it has resolved. A rejection stops the feed. A batch may be empty: then only the
   * checkpoint has moved on.
   */
  onBatch(batch: SettledBatch): Promise<void>;
  /** A record whose headers cannot be read. It blocks nothing, for a lost commit shows as a gap; told again after a restart before the next checkpoint. */
  onUnreadable(record: StoredRecord, reason: string): void | Promise<void>;
  /** Data was lost: the shard yields nothing more, its neighbours go on. */
  onShardStopped(shard: ShardId, reason: string): void;
  /** The feed cannot go on by itself. */
  onStopped(error: Error): void;
  /** For those who need more than what is settled. */
  readonly observer?: FeedObserver;
  /** As in `ReaderOptions`. */
  readonly restMs?: ReaderOptions['restMs'];
  /** How often topic ids are asked for, to notice a mirror that was created anew. 30 s by default. */
  readonly topicCheckMs?: number;
}

export interface OpenSettledFeed extends SettledFeed {
  /** Next offset of a partition, as named in this region's cluster: all before it was read. Undefined when the feed does not read it. */
  nextOffset(topic: string, partition: number): number | undefined;
}

/** An idle stretch without settled commits still moves the checkpoint, so that a restart never reads more than this again. */
const recordsPerCheckpointMax = 5_000;

/**
 * Opens the stream of settled commits of some services, as this region's cluster shows them: its own logs and the mirrors of the others'.
 * Every reader of settled commits stands on it. @throws when Kafka cannot be asked; later failures reach `onStopped`.
 */
export async function openSettledFeed(options: SettledFeedOptions): Promise<OpenSettledFeed> {
  const feed = new RunningFeed(options);
  await feed.open();
  return feed;
}

class RunningFeed implements OpenSettledFeed {
  readonly #options: SettledFeedOptions;
  readonly #state: FeedState;
  #reader: LogReader | undefined;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SettledFeedOptions) {
    this.#options = options;
    const { here, topology, services, from, observer } = options;
    this.#state = new FeedState({ here, services, ...topology }, from, observer);
  }

  async open(): Promise<void> {
    await this.#recreatedTopics();
    await this.#tell(this.#state.start());
    await this.#read();
    this.#timer = setInterval(() => {
      this.#checking = this.#checking.then(() => this.#followRecreatedTopics());
    }, this.#options.topicCheckMs ?? 30_000);
    this.#timer.unref();
  }

  nextOffset(topic: string, partition: number): number | undefined {
    return this.#state.nextOffset(topic, partition);
  }

  stoppedShards(): ReadonlyMap<ShardId, string> {
    return this.#state.stoppedShards;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#checking;
    await this.#reader?.close();
  }

  async #read(): Promise<void> {
    this.#reader = undefined;
    const reader = await this.#options.cluster.read({
      name: this.#options.name,
      ...(this.#options.restMs === undefined ? {} : { restMs: this.#options.restMs }),
      from: this.#state.readFrom(),
      onBatch: (records) => this.#onBatch(records),
      onStopped: (error) => this.#options.onStopped(error),
    });
    this.#reader = reader;
    // What was held back before the reader could be told, or by the reader before it.
    if (this.#state.paused.length > 0) reader.pause(this.#state.paused);
  }

  async #onBatch(records: readonly StoredRecord[]): Promise<void> {
    const first = records[0];
    if (first === undefined) return;
    // A topic that did not exist at the start: its id is taken down before anything of it counts, or with the next batch.
    if (this.#state.topicId(first.topic) === undefined) await this.#identify(first.topic).catch(() => false);
    const outcome = this.#state.apply(records);
    await this.#tell(outcome);
    this.#options.observer?.onRead?.();
    const isQuiet = outcome.commits.length === 0 && outcome.unreadable.length === 0;
    if (isQuiet && this.#state.readSinceCheckpoint < recordsPerCheckpointMax) return;
    // Of these records alone: what came before and settled nothing, such as the receipts of quiet shards, was nobody's delay.
    const oldestMs = records.reduce((oldest, { timestampMs }) => Math.min(oldest, timestampMs), Infinity);
    await this.#options.onBatch({ commits: outcome.commits, checkpoint: this.#state.checkpoint(), moved: outcome.moved, oldestMs });
  }

  async #tell(outcome: FeedOutcome): Promise<void> {
    this.#pauseAndResume(outcome.pause, outcome.resume);
    for (const { shard, reason } of outcome.stopped) this.#options.onShardStopped(shard, reason);
    for (const { record, reason } of outcome.unreadable) await this.#options.onUnreadable(record, reason);
  }

  #pauseAndResume(pause: readonly TopicPartition[], resume: readonly TopicPartition[]): void {
    if (this.#reader === undefined) return; // told as soon as it is there
    if (pause.length > 0) this.#reader.pause(pause);
    if (resume.length === 0) return;
    // In one batch a partition may be held back and released, or the other way round: the state has the last word.
    const stillPaused = new Set(this.#state.paused.map(({ topic, partition }) => `${topic}:${partition}`));
    const free = resume.filter(({ topic, partition }) => !stillPaused.has(`${topic}:${partition}`));
    if (free.length > 0) this.#reader.resume(free);
  }

  async #identify(topic: string): Promise<boolean> {
    const id = await this.#options.cluster.topicId(topic);
    return id !== undefined && this.#state.identify(topic, id);
  }

  async #recreatedTopics(): Promise<readonly string[]> {
    const recreated: string[] = [];
    for (const { topic } of this.#state.topics) if (await this.#identify(topic)) recreated.push(topic);
    return recreated;
  }

  /** A topic that was created anew is read from 0: what was settled before is not yielded again. */
  async #followRecreatedTopics(): Promise<void> {
    if (this.#closed) return;
    let changed: boolean;
    try {
      changed = await this.#anyRecreated();
    } catch {
      return; // Kafka cannot be asked just now: the reader reconnects by itself, and the ids are asked for again at the next turn
    }
    if (!changed || this.#closed) return;
    try {
      await this.#reader?.close();
      await this.#recreatedTopics();
      if (!this.#closed) await this.#read();
    } catch (error) {
      this.#options.onStopped(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Asks without taking down: positions move only while no reader runs. */
  async #anyRecreated(): Promise<boolean> {
    for (const { topic } of this.#state.topics) {
      const known = this.#state.topicId(topic);
      if (known === undefined) continue;
      const id = await this.#options.cluster.topicId(topic);
      if (id !== undefined && id !== known) return true;
    }
    return false;
  }
}
