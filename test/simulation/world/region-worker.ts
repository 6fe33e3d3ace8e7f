import { commandsTopic, instantOf, services, shardOf, type Lineage, type Region, type ShardId, type Topology } from '#contracts';
import { openSettledFeed, type Appender, type SettledBatch } from '#shard-log';
import type { SeededRandom } from '#test-kit';
import { OutcomeShards, paymentShardOf } from '../../../apps/payment-service/src/call-provider/outcome-shards.ts';
import { ProviderCaller } from '../../../apps/payment-service/src/call-provider/provider-caller.ts';
import type { PaymentProvider } from '../../../apps/payment-service/src/provider/payment-provider.port.ts';
import type { DecodedEvents } from './decoded-events.ts';
import type { KafkaClient } from './kafka-client.ts';
import { WorldProcess } from './process.ts';
import type { RegionPostgres } from './region-postgres.ts';
import { epochMs, type VirtualTimers } from './virtual-timers.ts';

export interface RegionWorkerOptions {
  readonly name: string;
  readonly region: Region;
  readonly topology: Topology;
  readonly timers: VirtualTimers;
  readonly postgres: RegionPostgres;
  readonly provider: PaymentProvider;
  readonly random: SeededRandom;
  readonly decoded: DecodedEvents;
  onSettled(reader: string, batch: SettledBatch): void;
  onShardStopped(reader: string, shard: ShardId, reason: string): void;
}

interface Emitted {
  readonly commandId: string;
  readonly shard: ShardId;
  readonly key: string;
  readonly correlation: string;
  readonly command: { readonly type: string };
}

/** From one sweep to the next; a process that has not moved for so long is swept, and all of them when owners have changed. */
const sweepEveryMs = 1_000;
const sweepRestMs = 4_000;

/**
 * What follows the settled commits in one region: projections, process managers, calls to the provider; on the real feed. It stands in for
 * `Projector`, `processProjection`, `Leadership` and `startSweeper`, whose work is SQL: in silence until what stood in the logs at its start is
 * read, then everything that is due, then what is new; commands are emitted before the batch is stored.
 */
export class RegionWorker extends WorldProcess {
  readonly client: KafkaClient;
  readonly postgres: RegionPostgres;
  failure: Error | undefined;
  readonly #options: RegionWorkerOptions;
  readonly #shards = new OutcomeShards();
  readonly #caller: ProviderCaller;
  #appender: Appender | undefined;
  #lineage: Lineage | undefined;
  #isSilent = true;
  #nextSweepMs = 0;
  #areAllDue = true;
  #sweeping = false;
  #instant = { ofMs: -1, text: '' };

  constructor(options: RegionWorkerOptions, clientOf: (owner: WorldProcess) => KafkaClient) {
    super(options.name, options.region);
    this.#options = options;
    this.postgres = options.postgres;
    this.client = clientOf(this);
    const { timers, provider, random } = options;
    this.#caller = new ProviderCaller({
      provider,
      emit: (outcomes) =>
        this.#emit(this.#shards.addressed(outcomes).map((outcome) => ({ ...outcome, key: outcome.orderId, correlation: outcome.orderId }))),
      onTrouble: () => undefined, // it asks again, and the books are compared at the end
      clock: {
        nowMs: () => timers.nowMs,
        now: () => this.#now(),
        setTimer: (run, ms) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
      random: () => random.next(),
      repeatMs: 4_000,
      retryMaxMs: 2_000,
    });
    timers.within(this, () => void this.#start());
  }

  /** What time alone makes due. */
  tick(): void {
    if (!this.isRunning || this.#sweeping) return;
    if (this.#isSilent) {
      if (this.client.isBehind || this.#lineage === undefined) return;
      this.#isSilent = false;
      this.#nextSweepMs = 0;
    }
    const { timers } = this.#options;
    if (timers.nowMs < this.#nextSweepMs) return;
    this.#nextSweepMs = timers.nowMs + sweepEveryMs;
    timers.within(this, () => void this.#sweep());
  }

  async #start(): Promise<void> {
    const { region: here, topology, postgres } = this.#options;
    try {
      this.#appender = await this.client.appender();
      await openSettledFeed({
        name: this.name,
        here,
        topology: { regions: Object.keys(topology.regions) as Region[], partitions: topology.partitions },
        services,
        cluster: this.client,
        from: postgres.open(this),
        onBatch: (batch) => this.#onBatch(batch),
        onUnreadable: (_record, reason) => this.#failed(new Error(`unreadable: ${reason}`)),
        onShardStopped: (shard, reason) => this.#options.onShardStopped(this.name, shard, reason),
        onStopped: (error) => this.#failed(error),
        observer: { onLineage: (lineage) => this.#learn(lineage) },
      });
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  #failed(error: Error): void {
    this.failure ??= error;
  }

  async #onBatch(batch: SettledBatch): Promise<void> {
    const { postgres, decoded } = this.#options;
    const events = batch.commits.map(({ commit }) => decoded.of(commit.body));
    const commits = batch.commits.map(({ commit: { shard } }, index) => ({ shard, events: events[index]! }));
    const folded = postgres.processes.fold(commits, this.#now());
    if (!this.#isSilent) await this.#emit(folded.required);
    postgres.store(this, batch, events, folded, this.#options.timers.nowMs);
    this.#options.onSettled(this.name, batch);
    if (!this.#isSilent) this.#tellProvider(folded.after.keys());
  }

  #learn(lineage: Lineage): void {
    const before = this.#lineage;
    this.#lineage = lineage;
    const haveOwnersChanged = Object.entries(lineage.shards).some(
      ([shard, segments]) => segments.at(-1)?.owner !== before?.shards[shard]?.at(-1)?.owner,
    );
    if (!haveOwnersChanged) return;
    this.#areAllDue = true;
    this.#nextSweepMs = 0;
  }

  async #sweep(): Promise<void> {
    this.#sweeping = true;
    try {
      if (this.#areAllDue) this.#tellProvider(undefined);
      const { nowMs } = this.#options.timers;
      const sinceMs = this.#areAllDue ? Infinity : nowMs - sweepRestMs;
      this.#areAllDue = false;
      await this.#emit(this.#options.postgres.processes.sweep(this.#now(), nowMs, sinceMs));
    } catch (error) {
      this.#failed(error as Error);
    } finally {
      this.#sweeping = false;
    }
  }

  #tellProvider(rows: Iterable<string> | undefined): void {
    for (const { state, order, calls } of this.#options.postgres.processes.payments(rows)) {
      const shard = paymentShardOf(this.#options.topology, state);
      const own = shard !== undefined && this.#owns(shard) ? calls : [];
      this.#shards.set(order, own.length === 0 ? undefined : shard);
      this.#caller.setOutstanding(order, own);
    }
  }

  /** Those of own shards, each in the topic of its service. */
  async #emit(required: readonly Emitted[]): Promise<void> {
    const own = required.filter(({ shard }) => this.#owns(shard));
    const appends = own.map(({ commandId, shard, key, correlation, command }) => {
      const { service, partition } = shardOf(shard);
      const value = JSON.stringify({ commandId, shard, correlation, traceparent: '', reply: false, command });
      return this.#appender!.append(commandsTopic(service), partition, [{ key, headers: {}, value }]);
    });
    const failed = (await Promise.allSettled(appends)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  #owns(shard: ShardId): boolean {
    return this.#lineage?.shards[shard]?.at(-1)?.owner === this.region;
  }

  #now(): string {
    const { nowMs } = this.#options.timers;
    if (nowMs !== this.#instant.ofMs) this.#instant = { ofMs: nowMs, text: instantOf(epochMs + nowMs) };
    return this.#instant.text;
  }
}
