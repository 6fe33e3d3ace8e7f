import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { HistoryEntry, Region } from '#contracts';
import { systemClock } from '#service-kit';
import type { Appender, LogCluster, LogReader, StoredRecord } from '#shard-log';
import type { RegionEvent, RegionEvents } from '../region-events.port.ts';
import { pause, repeat, type Repeating } from '../repeat.ts';
import { encodeEntry, HistoryTail } from './history-tail.ts';
import { PendingEntries } from './pending-entries.ts';

export const historyTopic = 'region-history';

export interface RegionHistoryOptions {
  readonly cluster: LogCluster;
  readonly log: Logger;
  readonly region: Region;
  readonly instance: number;
  /** ISO 8601, UTC. Default: this machine's clock. */
  readonly now?: () => string;
  /** How many of the newest entries are kept in memory, and so can be asked for. Default 1,000. */
  readonly tailMax?: number;
  /** How many wait in memory while Kafka is away. Default 1,000. */
  readonly pendingMax?: number;
  /** Told every entry of this process as it is recorded: notifications. Must return at once. */
  readonly onEntry?: (entry: HistoryEntry) => void;
}

const entriesPerAppendMax = 200;
const becauseMax = 2_000;
const retryAfterMs = 500;
const readerCheckMs = 1_000;

/**
 * The region's history, in its own Kafka topic: written by all its agents, read by each, kept for ever, not mirrored.
 *
 * `record` never waits and never throws. While Kafka is away entries wait in memory; those that do not fit are counted, in the log
 * and in the history itself. An entry appended twice in doubt is shown once. What waits when the process dies is only in its log.
 */
export class RegionHistory implements RegionEvents {
  readonly #options: RegionHistoryOptions;
  readonly #tail: HistoryTail;
  readonly #pending: PendingEntries;
  readonly #stopping = new AbortController();
  #watching: Repeating | undefined;
  #reader: LogReader | undefined;
  #next: number | undefined;
  #appender: Appender | undefined;
  #flushing: Promise<void> | undefined;
  #problem: string | undefined;

  constructor(options: RegionHistoryOptions) {
    this.#options = options;
    this.#tail = new HistoryTail(options.tailMax ?? 1_000);
    this.#pending = new PendingEntries(options.pendingMax ?? 1_000, `${options.instance}:${randomUUID()}`);
  }

  /** Begins to read what is there and to write what waits. The topic must exist, or come to exist. */
  start(): void {
    this.#watching = repeat(
      readerCheckMs,
      async () => {
        if (this.#reader === undefined) await this.#open();
      },
      (error) => this.#options.log.warn({ err: error }, 'the region’s history cannot be read'),
    );
  }

  record({ event, term, because, details = {}, tookMs }: RegionEvent): void {
    const { log, region, instance, now = systemClock, onEntry } = this.#options;
    log.info({ event, because, term, details, tookMs }, `region: ${event}`);
    const step = tookMs === undefined ? {} : { tookMs };
    const entry: HistoryEntry = { at: now(), region, instance, term, event, because: because.slice(0, becauseMax), details, ...step };
    const gone = this.#pending.add(entry);
    if (gone !== undefined) log.error({ entry: gone }, 'Kafka is away for too long: an entry of the history is dropped');
    onEntry?.(entry);
    if (!this.#stopping.signal.aborted) this.#flushing ??= this.#flush();
  }

  /** The newest `limit` entries, oldest first; those that are still on their way to Kafka come last. */
  newest(limit: number): readonly HistoryEntry[] {
    const waiting = this.#pending.all().filter(({ id }) => !this.#tail.has(id));
    return [...this.#tail.entries(), ...waiting.map(({ entry }) => entry)].slice(-limit);
  }

  /** Why the history is not written at present, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#watching?.stop();
    await this.#flushing;
    await this.#reader?.close();
    await this.#dropAppender();
  }

  async #open(): Promise<void> {
    const { cluster, log, tailMax = 1_000 } = this.#options;
    const [end = 0] = await cluster.endOffsets(historyTopic);
    this.#reader = await cluster.read({
      name: 'region history',
      from: [{ topic: historyTopic, partition: 0, offset: this.#next ?? Math.max(0, end - tailMax) }],
      onBatch: async (records) => this.#take(records),
      onStopped: (error) => {
        log.warn({ err: error }, 'the region’s history is read anew');
        this.#next = undefined; // the topic may be another one: what is read again is known by its id
        this.#reader = undefined;
      },
    });
  }

  #take(records: readonly StoredRecord[]): void {
    for (const record of records) {
      const fault = this.#tail.take(record);
      if (fault !== undefined) this.#options.log.error({ offset: record.offset, fault }, 'an entry of the history cannot be read');
      this.#next = record.offset + 1;
    }
  }

  /** Appends until nothing waits. Once closing, makes one more try. */
  async #flush(): Promise<void> {
    for (let batch = this.#pending.next(entriesPerAppendMax); batch.length > 0; batch = this.#pending.next(entriesPerAppendMax)) {
      try {
        this.#appender ??= await this.#options.cluster.appender('region history');
        await this.#appender.append(historyTopic, 0, batch.map(encodeEntry));
        this.#pending.done(batch);
        this.#problem = undefined;
      } catch (error) {
        if (this.#problem === undefined)
          this.#options.log.warn({ err: error }, 'the region’s history cannot be written: it waits in memory');
        this.#problem = (error as Error).message;
        await this.#dropAppender();
        if (this.#stopping.signal.aborted) break;
        await pause(retryAfterMs, this.#stopping.signal);
      }
    }
    this.#flushing = undefined;
  }

  async #dropAppender(): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close().catch((error: Error) => this.#options.log.warn({ err: error }, 'a broken connection did not close'));
  }
}
