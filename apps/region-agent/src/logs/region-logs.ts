import type { Logger } from 'pino';
import { eventsTopic, shardOf, topicIn, type Lineage, type Region, type ShardId } from '#contracts';
import { ReceiptsFold, type StoredReceiptsFold } from '#regions';
import { decodeReceipts, decodeShardRecord, restAfterFetch, type LogCluster, type StoredRecord } from '#shard-log';
import type { LedgerEvent, ReceiptLedger } from '../receipts/receipt-ledger.ts';
import type { ReceiptCheckpoint } from '../receipts/checkpoint.store.ts';
import { LogTail, type LogTailOptions } from './log-tail.ts';
import { mirroredEvents, ownEventsAndReceipts, partitionKey, type SourceTopic } from './source-topic.ts';
import type { TopicStatus } from './topic-probe.ts';

export interface RegionLogsOptions {
  readonly here: Region;
  readonly regions: readonly Region[];
  readonly partitions: number;
  readonly cluster: LogCluster;
  readonly ledger: ReceiptLedger;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly probeEveryMs: number;
  /** After every batch of the mirrors: receipts may be due. */
  readonly onRead: () => void;
  /** After every batch of own logs and of anybody's receipts: a procedure may go on. */
  readonly onLooked: () => void;
  /** A procedure waits for what stands in own logs and in anybody's receipts. */
  readonly isUnderWay: () => boolean;
}

/** When a region's receipts were last heard. */
export interface Heard {
  readonly atMs: number;
  /** By the clock of the agent that wrote them, milliseconds since the epoch. */
  readonly writtenAtMs: number;
}

/** What an agent's reader knows of one other region's logs. */
export interface MirroredOrigin {
  /** When the newest record of its `receipts` log was written, by its agent's clock; undefined before the first. */
  readonly heardWrittenAtMs: number | undefined;
  /** Whether records of its event logs stand in this region's cluster that were not read, as of the last probe. */
  readonly hasUnread: boolean;
  /** The last of its commits, fences and closes that was read: when it was written, by its writer's clock, and when it was read, by `nowMs`. */
  readonly lastEvent: { readonly writtenAtMs: number; readonly readAtMs: number } | undefined;
}

/**
 * All logs that a region's agent follows: the mirrors, for receipts; its own commits and closes and everybody's receipts, for the procedures. What is
 * read goes to the ledger and the folds. Nothing is read before the first lineage is known, for records of unknown shards are passed over.
 */
export class RegionLogs {
  readonly #options: RegionLogsOptions;
  readonly #folds: ReadonlyMap<Region, ReceiptsFold>;
  readonly #heard = new Map<Region, Heard>();
  readonly #lastEvents = new Map<Region, { writtenAtMs: number; readAtMs: number }>();
  readonly #tails: readonly LogTail[];
  #hasLineage = false;
  #unreadable = 0;

  constructor(options: RegionLogsOptions, from: ReceiptCheckpoint | undefined) {
    this.#options = options;
    const { here, regions, partitions, onRead, onLooked, isUnderWay } = options;
    const stored = (region: Region): StoredReceiptsFold | undefined => from?.receipts[region];
    this.#folds = new Map(regions.map((region) => [region, new ReceiptsFold(region, stored(region))]));
    const tail = (what: Pick<LogTailOptions, 'name' | 'sources' | 'restMs'>, then: () => void): LogTail =>
      new LogTail(this.#tailOptions(what, then), from);
    // A shard that has been closed has no writer until its receipts are read.
    const restMs = (records: number): number => (isUnderWay() ? 0 : restAfterFetch(records));
    this.#tails = [
      tail({ name: 'mirrors', sources: mirroredEvents(here, regions, partitions), restMs: restAfterFetch }, onRead),
      tail({ name: 'own logs and receipts', sources: ownEventsAndReceipts(here, regions, partitions), restMs }, onLooked),
    ];
  }

  learn(lineage: Lineage): void {
    const { again } = this.#options.ledger.learn(lineage);
    this.settleEvents();
    if (again.size > 0) this.#readAgain(again);
    if (!this.#hasLineage) for (const tail of this.#tails) tail.start();
    this.#hasLineage = true;
  }

  /** Pauses and resumes, and reports, what the ledger asks for. */
  settleEvents(): void {
    for (const event of this.#options.ledger.takeEvents()) {
      if (event.type === 'stopped')
        this.#options.log.error({ shard: event.shard, reason: event.reason }, 'a shard stands still: it gets no receipts');
      else this.#holdOrRelease(event);
    }
  }

  receiptsOf(region: Region): ReceiptsFold {
    return this.#folds.get(region)!;
  }

  /** Undefined: not since this process follows the logs. */
  heardOf(region: Region): Heard | undefined {
    return this.#heard.get(region);
  }

  mirrored(origin: Region): MirroredOrigin {
    const events = new Set(
      this.#sources().flatMap((source) => (source.kind === 'events' && source.origin === origin ? [source.topic] : [])),
    );
    return {
      heardWrittenAtMs: this.#heard.get(origin)?.writtenAtMs,
      hasUnread: this.status().topics.some(({ topic, lagRecords }) => lagRecords > 0 && events.has(topic)),
      lastEvent: this.#lastEvents.get(origin),
    };
  }

  /** Whether all that stood in the logs when they were opened has been read. A fact that is looked for in vain before may stand there. */
  get isCurrent(): boolean {
    return this.#hasLineage && this.#tails.every((tail) => tail.isCurrent);
  }

  /** Undefined while nothing is followed: the one that was resumed from is as good. */
  checkpoint(): ReceiptCheckpoint | undefined {
    if (!this.#hasLineage) return undefined;
    const offsets: Record<string, number> = {};
    const topicIds: Record<string, string> = {};
    for (const tail of this.#tails) {
      const positions = tail.positions();
      Object.assign(offsets, positions.offsets);
      Object.assign(topicIds, positions.topicIds);
    }
    for (const source of this.#sources())
      for (let partition = 0; source.kind === 'events' && partition < source.partitions; partition++) {
        const key = partitionKey({ topic: source.topic, partition });
        const needed = this.#options.ledger.neededFrom(source.origin, source.service, partition);
        if (needed !== undefined && offsets[key] !== undefined) offsets[key] = Math.min(offsets[key], needed);
      }
    const receipts = Object.fromEntries([...this.#folds].map(([region, fold]) => [region, fold.stored()]));
    return { version: 2, offsets, topicIds, ledger: this.#options.ledger.state(), receipts };
  }

  status(): { readonly topics: readonly TopicStatus[]; readonly problem: string | undefined; readonly unreadable: number } {
    const tails = this.#tails.map((tail) => tail.status());
    const problem = this.#hasLineage
      ? tails.find((tail) => tail.problem !== undefined)?.problem
      : 'the logs are not being read: there is no lineage yet';
    return { topics: tails.flatMap(({ topics }) => topics), problem, unreadable: this.#unreadable };
  }

  async close(): Promise<void> {
    await Promise.all(this.#tails.map((tail) => tail.close()));
  }

  #tailOptions(what: Pick<LogTailOptions, 'name' | 'sources' | 'restMs'>, then: () => void): LogTailOptions {
    const { cluster, log, probeEveryMs, ledger } = this.#options;
    return {
      ...what,
      cluster,
      log,
      probeEveryMs,
      onBatch: (records, sourceOf) => {
        for (const record of records) this.#take(record, sourceOf(record.topic));
        this.settleEvents();
        then();
      },
      // Receipts that come again change nothing.
      onRecreated: (source) => {
        if (source.kind === 'events') this.#readAgain(ledger.rereadFromStart(source.origin, source.service));
      },
    };
  }

  #sources(): readonly SourceTopic[] {
    const { here, regions, partitions } = this.#options;
    return [...mirroredEvents(here, regions, partitions), ...ownEventsAndReceipts(here, regions, partitions)];
  }

  #readAgain(logs: ReadonlySet<Region>): void {
    const topics = this.#sources().filter((source) => source.kind === 'events' && logs.has(source.origin));
    for (const tail of this.#tails) {
      const followed = topics.map(({ topic }) => topic).filter((topic) => tail.follows(topic));
      if (followed.length > 0) tail.readAgain(followed);
    }
  }

  #take(record: StoredRecord, source: SourceTopic | undefined): void {
    if (source?.kind === 'receipts') return this.#takeReceipts(record, source.origin);
    const decoded = decodeShardRecord(record);
    if (!decoded.readable) return this.#cannotRead(record, decoded.reason);
    if (source === undefined) return;
    this.#options.ledger.record({ log: source.origin, offset: record.offset }, decoded.value);
    this.#lastEvents.set(source.origin, { writtenAtMs: record.timestampMs, readAtMs: this.#options.nowMs() });
  }

  #takeReceipts(record: StoredRecord, by: Region): void {
    const decoded = decodeReceipts(record);
    if (!decoded.readable) return this.#cannotRead(record, decoded.reason);
    if (decoded.value.by !== by) return this.#cannotRead(record, `receipts by ${decoded.value.by}`);
    this.#folds.get(by)!.take(decoded.value);
    this.#options.ledger.receipts(by, decoded.value);
    this.#heard.set(by, { atMs: this.#options.nowMs(), writtenAtMs: record.timestampMs });
  }

  /** It blocks nothing here: if it was a commit, the shard's next one shows a gap. */
  #cannotRead({ topic, partition, offset }: StoredRecord, reason: string): void {
    this.#unreadable += 1;
    this.#options.log.error({ topic, partition, offset, reason }, 'a record cannot be read');
  }

  #holdOrRelease({ type, shard, log }: Extract<LedgerEvent, { readonly shard: ShardId; readonly log: Region }>): void {
    const { service, partition } = shardOf(shard);
    const at = { topic: topicIn(this.#options.here, log, eventsTopic(service)), partition };
    for (const tail of this.#tails) if (tail.follows(at.topic)) tail.hold(at, shard, type === 'held');
  }
}
