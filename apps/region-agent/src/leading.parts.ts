import type { Logger } from 'pino';
import { firstLineage, regionsOf, topicsOfARegion, type Region, type Topology } from '#contracts';
import type { LineageStore, RegionTiming, StoredLineage } from '#regions';
import { Lifecycle } from '#service-kit';
import type { LogCluster } from '#shard-log';
import { LineageKeeper } from './lineage/lineage-keeper.ts';
import { LineageTopic } from './lineage/lineage-topic.ts';
import { RegionLogs } from './logs/region-logs.ts';
import { CheckpointSaver } from './receipts/checkpoint-saver.ts';
import type { CheckpointStore, OpenCheckpoint } from './receipts/checkpoint.store.ts';
import { ReceiptLedger } from './receipts/receipt-ledger.ts';
import { ReceiptWriter } from './receipts/receipt-writer.ts';

export interface LeadingOptions {
  readonly here: Region;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly lineageStore: LineageStore;
  readonly checkpoints: CheckpointStore;
  readonly log: Logger;
  readonly timing: RegionTiming;
  readonly nowMs: () => number;
  /** How often topics are looked at: are they there, are they the same, does reading go on? */
  readonly probeEveryMs: number;
  readonly checkpointEveryMs: number;
  /** Whether etcd has said of late that this instance leads. */
  readonly isLeadConfirmed: () => boolean;
  /** Something of the own logs or of anybody's receipts was read. */
  readonly onLooked: () => void;
  /** A procedure waits for what is read there. */
  readonly isUnderWay: () => boolean;
}

const stopTimeoutMs = 5_000;
const retryAfterMs = 500;

/**
 * What only the leading instance does: it keeps the lineage where the services find it, and says what this region has accepted of the
 * others' logs. A commit of theirs settles when it has been said: the way from `onBatch` to the append is the part of an order's latency
 * that is spent here.
 */
export class LeadingParts {
  readonly ledger: ReceiptLedger;
  readonly logs: RegionLogs;
  readonly writer: ReceiptWriter;
  readonly keeper: LineageKeeper;
  readonly saver: CheckpointSaver;
  readonly #lifecycle: Lifecycle;

  /** Begins to lead. A failure, such as a Kafka that does not answer, leaves nothing running. */
  static async start(options: LeadingOptions): Promise<LeadingParts> {
    const { cluster, topology, checkpoints, log } = options;
    await cluster.createTopics(topicsOfARegion(topology.partitions));
    let opened: OpenCheckpoint | undefined;
    try {
      opened = await checkpoints.open();
    } catch (error) {
      log.warn({ err: error }, 'no checkpoint can be read: the logs are read from their start');
    }
    const parts = new LeadingParts(options, opened);
    await parts.#start(options);
    return parts;
  }

  private constructor(options: LeadingOptions, opened: OpenCheckpoint | undefined) {
    const { here, topology, cluster, lineageStore, checkpoints, log, nowMs, probeEveryMs, isLeadConfirmed, onLooked, isUnderWay } = options;
    this.#lifecycle = new Lifecycle({ stopTimeoutMs, log });
    this.ledger = new ReceiptLedger(here, opened?.found?.ledger);
    this.writer = new ReceiptWriter({ here, cluster, ledger: this.ledger, log, nowMs, onWritten: () => this.logs.settleEvents() });
    this.logs = new RegionLogs(
      {
        here,
        regions: regionsOf(topology),
        partitions: topology.partitions,
        cluster,
        ledger: this.ledger,
        log,
        nowMs,
        probeEveryMs,
        onRead: () => this.writer.kick(),
        onLooked,
        isUnderWay,
      },
      opened?.found,
    );
    this.keeper = new LineageKeeper({
      store: lineageStore,
      topic: new LineageTopic(cluster, log),
      first: firstLineage({ ...topology, regions: regionsOf(topology) }),
      log,
      retryAfterMs,
      onLineage: ({ lineage }) => {
        this.logs.learn(lineage);
        this.writer.repeatAll();
      },
    });
    this.saver = new CheckpointSaver({ checkpoints, opened, log, nowMs, isLeadConfirmed, checkpoint: () => this.logs.checkpoint() });
  }

  /** What etcd answered to a linearizable read, or a watch brought. */
  see(stored: StoredLineage | undefined): void {
    this.keeper.see(stored);
  }

  async close(): Promise<void> {
    await this.#lifecycle.stop();
  }

  async #start({ timing, checkpointEveryMs }: LeadingOptions): Promise<void> {
    await this.#lifecycle.start('receipts', () => () => this.writer.close());
    await this.#lifecycle.start('logs', () => () => this.logs.close());
    await this.#lifecycle.start('lineage', () => (this.keeper.start(), () => this.keeper.close()));
    await this.#lifecycle.start('checkpoint', () => (this.saver.start(checkpointEveryMs), () => this.saver.close()));
    await this.#lifecycle.start('beats', () => {
      const beating = setInterval(() => this.writer.beat(), timing.receiptsRepeatMs);
      return () => clearInterval(beating);
    });
  }
}
