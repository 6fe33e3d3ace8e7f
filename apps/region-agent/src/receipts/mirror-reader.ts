import type { Logger } from 'pino';
import { eventsTopic, shardOf, topicIn, type Lineage, type Region, type ShardId } from '#contracts';
import { decodeShardRecord, type LogCluster, type LogReader, type StoredRecord } from '#shard-log';
import { repeat, type Repeating } from '../repeat.ts';
import type { LedgerEvent, ReceiptLedger } from './receipt-ledger.ts';
import type { ReceiptCheckpoint } from './checkpoint.store.ts';
import { MirrorProbe, type MirrorStatus, type Recreated } from './mirror-probe.ts';
import { partitionKey, partitionOfKey, sourcesOf, type SourceTopic } from './source-topic.ts';

export interface MirrorReaderOptions {
  readonly here: Region;
  readonly partitions: number;
  readonly cluster: LogCluster;
  readonly ledger: ReceiptLedger;
  readonly log: Logger;
  readonly probeEveryMs: number;
  /** After every batch: receipts may be due. */
  readonly onRead: () => void;
}

/**
 * Reads the logs that this region receipts into the ledger. A reader that breaks or stands still is built anew where it was; a topic
 * that was created anew is read from 0 with the cursors kept.
 */
export class MirrorReader {
  readonly #options: MirrorReaderOptions;
  readonly #next = new Map<string, number>();
  readonly #probe: MirrorProbe;
  readonly #heldBy = new Map<string, Set<ShardId>>();
  #sources: readonly SourceTopic[] = [];
  #reader: LogReader | undefined;
  #probing: Repeating | undefined;
  /** Changes of the reader happen one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #reopenDue = false;
  #closed = false;
  #unreadable = 0;

  constructor(options: MirrorReaderOptions, checkpoint: ReceiptCheckpoint | undefined) {
    this.#options = options;
    for (const [key, offset] of Object.entries(checkpoint?.offsets ?? {})) this.#next.set(key, offset);
    this.#probe = new MirrorProbe(options.cluster, new Map(Object.entries(checkpoint?.topicIds ?? {})));
  }

  start(): void {
    const { log, probeEveryMs } = this.#options;
    this.#probing = repeat(
      probeEveryMs,
      () => this.#check(),
      (error) => {
        this.#probe.failed(error.message);
        log.warn({ err: error }, 'the mirrors cannot be probed');
      },
    );
  }

  learn(lineage: Lineage): void {
    const { ledger, here } = this.#options;
    const { logs, again } = ledger.learn(lineage);
    const sources = sourcesOf(here, logs);
    const isNew = sources.some(({ topic }) => !this.#sources.some((source) => source.topic === topic));
    if (!isNew && again.size === 0) return this.#settleEvents();
    void this.#inTurn('lineage', async () => {
      await this.#stopReading();
      this.#sources = sources;
      for (const source of sources) if (again.has(source.origin)) this.#fromStart(source.topic);
      await this.#checkTopics();
      await this.#open();
    });
  }

  /** Pauses and resumes, and reports, what the ledger asks for. */
  settleEvents(): void {
    this.#settleEvents();
  }

  checkpoint(): ReceiptCheckpoint {
    const offsets: Record<string, number> = {};
    for (const { topic, origin, service } of this.#sources)
      for (let partition = 0; partition < this.#options.partitions; partition++) {
        const key = partitionKey({ topic, partition });
        const next = this.#next.get(key);
        if (next !== undefined) offsets[key] = Math.min(next, this.#options.ledger.neededFrom(origin, service, partition) ?? next);
      }
    return { version: 1, offsets, topicIds: Object.fromEntries(this.#probe.topicIds), ledger: this.#options.ledger.state() };
  }

  status(): { readonly mirrors: readonly MirrorStatus[]; readonly problem: string | undefined; readonly unreadable: number } {
    const waiting = this.#reader === undefined || this.#reopenDue ? 'the mirrors are not being read' : undefined;
    return { mirrors: this.#probe.status(), problem: waiting ?? this.#probe.problem(), unreadable: this.#unreadable };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#probing?.stop();
    await this.#turn;
    await this.#stopReading();
  }

  async #check(): Promise<void> {
    if (this.#sources.length === 0) return;
    const recreated = await this.#probe.ask(this.#sources, this.#next);
    const stuck = this.#probe.stuck([...this.#heldBy.keys()]);
    if (stuck.length > 0) this.#options.log.warn({ partitions: stuck }, 'records wait and none is read: reading anew');
    if (recreated.length === 0 && stuck.length === 0 && !this.#reopenDue) return;
    await this.#inTurn('probe', async () => {
      await this.#stopReading();
      this.#recreated(recreated);
      await this.#open();
    });
  }

  /** Before the first read: a topic may have been created anew while this process was away. */
  async #checkTopics(): Promise<void> {
    this.#recreated(await this.#probe.ask(this.#sources, this.#next));
  }

  #recreated(topics: readonly Recreated[]): void {
    for (const { source, id } of topics) {
      this.#options.log.warn({ topic: source.topic }, 'the mirror was created anew: it is read from its start, the cursors are kept');
      this.#options.ledger.rereadFromStart(source.origin, source.service);
      this.#fromStart(source.topic);
      this.#probe.topicIds.set(source.topic, id);
    }
  }

  #fromStart(topic: string): void {
    for (let partition = 0; partition < this.#options.partitions; partition++) this.#next.set(partitionKey({ topic, partition }), 0);
  }

  async #open(): Promise<void> {
    if (this.#closed) return;
    const { cluster, partitions } = this.#options;
    const from = this.#sources.flatMap(({ topic }) =>
      Array.from({ length: partitions }, (_, partition) => ({
        topic,
        partition,
        offset: this.#next.get(partitionKey({ topic, partition })) ?? 0,
      })),
    );
    this.#reopenDue = true; // until it is open
    this.#reader = await cluster.read({
      name: 'mirrors',
      paceMs: 5,
      from,
      onBatch: async (records) => this.#onBatch(records),
      onStopped: (error) => {
        this.#reopenDue = true;
        this.#options.log.error({ err: error }, 'reading the mirrors stopped: reading anew');
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

  /** Synchronous: what is read is in the ledger before the receipt that speaks of it. */
  #onBatch(records: readonly StoredRecord[]): void {
    const { ledger, log, onRead } = this.#options;
    for (const record of records) {
      const source = this.#sources.find(({ topic }) => topic === record.topic);
      const decoded = decodeShardRecord(record);
      if (source !== undefined && decoded.readable) ledger.record({ log: source.origin, offset: record.offset }, decoded.value);
      else if (!decoded.readable) {
        // It blocks nothing here: if it was a commit, the shard's next one shows a gap.
        this.#unreadable += 1;
        log.error(
          { topic: record.topic, partition: record.partition, offset: record.offset, reason: decoded.reason },
          'a record cannot be read',
        );
      }
      this.#next.set(partitionKey(record), record.offset + 1);
    }
    this.#settleEvents();
    onRead();
  }

  #settleEvents(): void {
    for (const event of this.#options.ledger.takeEvents()) {
      if (event.type === 'stopped')
        this.#options.log.error({ shard: event.shard, reason: event.reason }, 'a shard stands still: it gets no receipts');
      else this.#holdOrRelease(event);
    }
  }

  #holdOrRelease({ type, shard, log }: Extract<LedgerEvent, { type: 'held' | 'released' }>): void {
    const { service, partition } = shardOf(shard);
    const at = { topic: topicIn(this.#options.here, log, eventsTopic(service)), partition };
    const key = partitionKey(at);
    const holders = this.#heldBy.get(key) ?? new Set();
    if (type === 'held') holders.add(shard);
    else holders.delete(shard);
    if (holders.size > 0) {
      this.#heldBy.set(key, holders);
      this.#reader?.pause([at]);
    } else if (this.#heldBy.delete(key)) this.#reader?.resume([at]);
  }

  #inTurn(what: string, change: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (this.#closed) return;
      try {
        await change();
      } catch (error) {
        this.#reopenDue = true; // the next probe tries again
        this.#options.log.warn({ err: error, what }, 'the mirrors cannot be read');
      }
    });
    return this.#turn;
  }
}
