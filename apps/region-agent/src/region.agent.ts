import type { Logger } from 'pino';
import { firstLineage, regionsOf, topicsOfARegion, type Region, type Topology } from '#contracts';
import type { HealthRegistry, Lifecycle } from '#service-kit';
import type { LineageStore } from '#regions';
import type { LogCluster } from '#shard-log';
import { metricNames, metrics } from '#telemetry';
import { LineageKeeper } from './lineage/lineage-keeper.ts';
import { LineageTopic } from './lineage/lineage-topic.ts';
import type { CheckpointStore, ReceiptCheckpoint } from './receipts/checkpoint.store.ts';
import { MirrorReader } from './receipts/mirror-reader.ts';
import { ReceiptLedger } from './receipts/receipt-ledger.ts';
import { ReceiptWriter } from './receipts/receipt-writer.ts';
import { repeat } from './repeat.ts';
import type { AgentStatus } from './status/agent-status.ts';

export interface RegionAgentOptions {
  readonly here: Region;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly lineageStore: LineageStore;
  readonly checkpoints: CheckpointStore;
  readonly log: Logger;
  /** How often etcd and the mirrors are probed. */
  readonly probeEveryMs: number;
  /** How often the receipts of all shards are said again. */
  readonly repeatEveryMs: number;
  readonly checkpointEveryMs: number;
}

/**
 * What a region's agent does while nothing is wrong: it keeps the lineage where the services find it, and says what this region has
 * accepted of the others' logs. A commit of theirs settles when it has been said: the way from `onBatch` to the append is the part
 * of an order's latency that is spent here.
 */
export class RegionAgent {
  readonly #options: RegionAgentOptions;
  #keeper: LineageKeeper | undefined;
  #reader: MirrorReader | undefined;
  #writer: ReceiptWriter | undefined;
  #ledger: ReceiptLedger | undefined;
  #checkpointProblem: string | undefined;

  constructor(options: RegionAgentOptions) {
    this.#options = options;
  }

  async start(lifecycle: Lifecycle, health: HealthRegistry): Promise<void> {
    const { here, topology, cluster, log, probeEveryMs, repeatEveryMs, checkpointEveryMs, lineageStore } = this.#options;
    await cluster.createTopics(topicsOfARegion(topology.partitions));
    const checkpoint = await this.#checkpoint();
    const ledger = new ReceiptLedger(here, checkpoint?.ledger);
    const writer = new ReceiptWriter({ here, cluster, ledger, log, onWritten: () => this.#reader?.settleEvents() });
    const reader = new MirrorReader(
      { here, partitions: topology.partitions, cluster, ledger, log, probeEveryMs, onRead: () => writer.kick() },
      checkpoint,
    );
    [this.#ledger, this.#writer, this.#reader] = [ledger, writer, reader];
    const first = firstLineage({ ...topology, regions: regionsOf(topology) });
    const keeper = new LineageKeeper({
      store: lineageStore,
      topic: new LineageTopic(cluster, log),
      first,
      log,
      probeEveryMs,
      onLineage: ({ lineage }) => {
        reader.learn(lineage);
        writer.repeatAll();
      },
    });
    this.#keeper = keeper;
    this.#observe(health);
    await lifecycle.start('receipts', () => () => writer.close());
    await lifecycle.start('mirrors', () => (reader.start(), () => reader.close()));
    await lifecycle.start('lineage', () => (keeper.start(), () => keeper.close()));
    const failed = (error: Error): void => log.warn({ err: error }, 'the checkpoint was not saved');
    await lifecycle.start('checkpoint', () => {
      const saving = repeat(checkpointEveryMs, () => this.#save(), failed);
      return () => saving.stop();
    });
    await lifecycle.start('repeats', () => {
      const repeating = setInterval(() => writer.repeatAll(), repeatEveryMs);
      return () => clearInterval(repeating);
    });
  }

  status(): AgentStatus {
    const lineage = this.#keeper?.status();
    const mirrors = this.#reader?.status();
    const writer = this.#writer?.status();
    const newest = lineage?.newest;
    return {
      region: this.#options.here,
      lineage: newest && { term: newest.lineage.term, status: newest.lineage.status, revision: newest.revision },
      copiedRevision: lineage?.copiedRevision,
      shards: Object.fromEntries(
        [...(this.#ledger?.receiptable() ?? [])].map(([shard, receipt]) => [
          shard,
          receipt && { term: receipt.term, generation: receipt.generation, seq: receipt.seq },
        ]),
      ),
      stoppedShards: Object.fromEntries(this.#ledger?.stopped() ?? []),
      mirrors: mirrors?.mirrors ?? [],
      receiptsWritten: writer?.written ?? 0,
      unreadableRecords: mirrors?.unreadable ?? 0,
      problems: {
        ...problem(
          'lineage',
          newest === undefined ? (lineage?.problem ?? 'there is no lineage yet') : (lineage?.problem ?? this.#misfit()),
        ),
        ...problem('mirrors', mirrors?.problem),
        ...problem('receipts', writer?.problem),
        ...problem('checkpoint', this.#checkpointProblem),
      },
    };
  }

  /** The lineage must know every shard of the topology: another number of partitions would scatter streams over wrong shards. */
  #misfit(): string | undefined {
    const { topology } = this.#options;
    const known = this.#keeper?.status().newest?.lineage.shards ?? {};
    const expected = Object.keys(firstLineage({ ...topology, regions: regionsOf(topology) }).shards);
    const strangers = Object.keys(known).length !== expected.length || expected.some((shard) => known[shard] === undefined);
    return strangers ? 'the lineage does not fit the topology: homes or partitions have changed' : undefined;
  }

  #observe(health: HealthRegistry): void {
    for (const part of ['lineage', 'mirrors', 'receipts'] as const)
      health.addReady(part, () => {
        const reason = this.status().problems[part];
        return reason === undefined ? { ok: true } : { ok: false, detail: reason };
      });
    // A shard that stands still is for people to see; its neighbours are served, so the agent stays ready.
    health.addReady('shards', () => {
      const stopped = Object.entries(this.status().stoppedShards);
      return stopped.length === 0
        ? { ok: true }
        : { ok: true, detail: stopped.map(([shard, reason]) => `${shard} stands still: ${reason}`).join('; ') };
    });
    metrics
      .gauge(metricNames.mirrorLag)
      .observe(() => (this.#reader?.status().mirrors ?? []).map(({ topic, lagRecords }) => ({ labels: { topic }, value: lagRecords })));
    metrics.gauge(metricNames.shardsStopped).observe(() => [{ labels: {}, value: this.#ledger?.stopped().size ?? 0 }]);
  }

  async #checkpoint(): Promise<ReceiptCheckpoint | undefined> {
    try {
      return await this.#options.checkpoints.load();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'no checkpoint can be read: the mirrors are read from their start');
      return undefined;
    }
  }

  async #save(): Promise<void> {
    const checkpoint = this.#reader?.checkpoint();
    if (checkpoint === undefined) return;
    try {
      await this.#options.checkpoints.save(checkpoint);
      this.#checkpointProblem = undefined;
    } catch (error) {
      this.#checkpointProblem = (error as Error).message;
      throw error;
    }
  }
}

const problem = (part: string, reason: string | undefined): Readonly<Record<string, string>> =>
  reason === undefined ? {} : { [part]: reason };
