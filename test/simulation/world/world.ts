import { commandsTopic, services, shardOf, topicsOfARegion, type Region, type ShardId, type Topology } from '#contracts';
import { HistoryRecorder } from '#checkers';
import { lastSegmentOf, type Step } from '#regions';
import type { MemoryStrandedStore } from './stranded-parts.ts';
import type { ShapeName } from '../run/shapes.ts';
import type { Stepper } from './agent-process.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { Edge } from './edge.ts';
import { Etcd } from './etcd.ts';
import { KafkaClient } from './kafka-client.ts';
import { Kafka } from './kafka.ts';
import { LogFacts } from './log-facts.ts';
import { MirrorMaker } from './mirror-maker.ts';
import { WorldProvider } from './payment-provider.ts';
import type { WorldProcess } from './process.ts';
import { standsStill, WorldStarts, type Surroundings } from './process-starts.ts';
import { RegionParts } from './region-parts.ts';
import { RegionPostgres } from './region-postgres.ts';
import { RegionProcesses } from './region-processes.ts';
import { checkoutLimits, groundOf, sessionMs, type Pace } from './settings.ts';
import { ShopClients } from './shop-clients.ts';
import { ShownHistory } from './shown-history.ts';
import { StepwiseRandom } from './stepwise-random.ts';
import { Trace } from './trace.ts';
import { unseenMetrics } from './unseen-metrics.ts';
import { VirtualTimers } from './virtual-timers.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly shape: ShapeName;
  readonly keepTrace: boolean;
  readonly stepper?: Stepper | undefined;
}

/**
 * Regions, links, etcd, clients and a payment provider in one thread under virtual time. Inside run the real writers, feeds, gateways, ledgers, procedures,
 * process managers and deciders; what surrounds them stands in for Kafka, MirrorMaker, etcd, PostgreSQL and HTTP, each named in its file.
 */
export class World implements Surroundings {
  readonly regions: readonly Region[];
  readonly topology: Topology;
  readonly shards: readonly ShardId[];
  readonly timers = new VirtualTimers();
  readonly random: StepwiseRandom;
  readonly etcd: Etcd;
  readonly mirrors: readonly MirrorMaker[];
  readonly provider: WorldProvider;
  readonly recorder: HistoryRecorder;
  readonly clients: ShopClients;
  readonly shown: ShownHistory;
  readonly trace: Trace;
  readonly violations: { readonly property: string; readonly what: string }[] = [];
  readonly counts: Record<string, number> = {};
  /** `a>b`: what a dials to b does not get there. */
  readonly cutDials = new Set<string>();
  /** Shards that stand still, by reader. */
  readonly stoppedShards = new Map<string, { readonly region: Region; readonly shard: ShardId; readonly reason: string }>();
  /** A fault has lost data: shards may stand still. */
  hasLostData = false;
  answersLost = 0;
  readonly #parts = new Map<Region, RegionParts>();
  readonly #homes: ReadonlyMap<ShardId, Region>;
  readonly edge: Edge;
  readonly #facts: LogFacts;
  readonly #starts: WorldStarts;

  constructor({ seed, shape, keepTrace, stepper }: WorldOptions) {
    this.random = new StepwiseRandom(seed);
    this.trace = new Trace(keepTrace);
    this.#facts = new LogFacts(this.trace);
    const { regions, topology, partitions, first } = groundOf(shape, shape !== 'three' && this.random.chance(0.25) ? 2 : 1);
    this.regions = regions;
    this.topology = topology;
    this.shards = Object.keys(first.shards) as ShardId[];
    this.#homes = new Map(this.shards.map((shard) => [shard, shardOf(shard).home]));
    this.etcd = new Etcd(first, this.random);
    this.shown = new ShownHistory(this.#facts.holders, (what) => this.violate('everybody is shown one history', what));
    this.provider = new WorldProvider(this.random, 0.1, (what) => this.violate('the provider is asked for what is due', what));
    this.provider.onCall = ({ kind, orderId }, heard) => this.trace.note(`provider ${kind} ${orderId} ${heard}`);
    this.recorder = new HistoryRecorder({ partitions });
    for (const region of this.regions) this.#parts.set(region, this.#newRegion(region, partitions));
    this.mirrors = this.regions.flatMap((here) =>
      this.regions
        .filter((origin) => origin !== here)
        .map((origin) => new MirrorMaker(this.part(origin).kafka, this.part(here).kafka, partitions)),
    );
    this.edge = new Edge({
      processOf: (region, service) => this.part(region).serving(service),
      reaches: (from, to) => this.reaches(from, to),
    });
    this.#starts = new WorldStarts(this, stepper);
    this.clients = this.#newClients();
  }

  /** Lends the thread to this world: its timers, and its metrics, which nobody reads meanwhile. Returns how to give them back. */
  install(): () => void {
    const giveBacks = [unseenMetrics(), this.timers.install()];
    return () => {
      for (const giveBack of giveBacks) giveBack();
    };
  }

  part(region: Region): RegionParts {
    return this.#parts.get(region)!;
  }

  get living(): readonly Region[] {
    return this.regions.filter((region) => !this.part(region).isGone);
  }

  reaches(from: Region, to: Region): boolean {
    if (this.part(from).isLost || this.part(to).isLost) return false;
    return from === to || !this.cutDials.has(`${from}>${to}`);
  }

  violate(property: string, what: string): void {
    if (this.violations.length < 50) this.violations.push({ property, what });
    this.trace.note(`VIOLATION ${property}: ${what}`);
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  cutOf(region: Region): number {
    return this.#facts.cutOf(region);
  }

  /** Its last segment's term stands closed in its owner's log. */
  isClosed(shard: ShardId): boolean {
    return this.#facts.closedTermOf(shard) === lastSegmentOf(this.etcd.stored.lineage, shard)!.term;
  }

  isHome(shard: ShardId): boolean {
    return lastSegmentOf(this.etcd.stored.lineage, shard)!.owner === this.#homes.get(shard);
  }

  /** All that it owns is open for writing. */
  areOpened(region: Region): boolean {
    return this.shards.every((shard) => {
      const last = lastSegmentOf(this.etcd.stored.lineage, shard)!;
      return last.owner !== region || this.#facts.openedTermOf(shard) === last.term;
    });
  }

  /** What its agent remembers across restarts is gone. */
  forgetCheckpoint(region: Region): void {
    this.#starts.forget(region);
  }

  strandedStoreOf(region: Region): MemoryStrandedStore {
    return this.#starts.strandedStoreOf(region);
  }

  /** Puts stock into the pools. Resolves when all of it is acknowledged, many steps later. */
  stock(): Promise<void> {
    return this.clients.stock(this.topology.homes);
  }

  /** A little time passes, and whatever can happen in it happens, in an order that the seed draws. */
  async step({ share, stepMsMax, asks }: Pace): Promise<void> {
    const { random, timers } = this;
    this.trace.step += 1;
    random.beginStep(this.trace.step);
    timers.advance(5 + random.below(stepMsMax));
    for (const parts of this.#parts.values()) parts.supervise(timers.nowMs, this.#starts);
    if (random.chance(0.3)) this.etcd.deliverLate();
    const turn = random.below(3);
    for (let part = 0; part < 3; part++) this.#move((turn + part) % 3, share);
    if (random.chance(asks)) this.clients.begin();
    await timers.settle();
    if (this.trace.step % 64 === 0) timers.sweep();
  }

  /** What carries records, what reads them, or what decides over regions. */
  #move(what: number, share: number): void {
    const { random, timers } = this;
    if (what === 0) {
      for (const mirror of this.mirrors) if (!this.cutDials.has(`${mirror.here}>${mirror.origin}`)) mirror.pull(random, share);
      for (const { kafka } of this.#parts.values()) kafka.arrive(share >= 1 ? 1 : share + 0.2);
    } else if (what === 1) {
      for (const { clients, groups, worker } of this.#parts.values()) {
        for (const group of groups.values()) group.heartbeat(timers.nowMs);
        for (const client of clients) client.deliver(share, share >= 1 ? 1_000 : 1 + random.below(30));
        worker?.tick();
      }
    } else for (const parts of this.#parts.values()) for (const agent of parts.agents) if (share >= 1 || random.chance(0.75)) agent.act();
  }

  newClient(owner: WorldProcess, parts: RegionParts): KafkaClient {
    return new KafkaClient({
      kafka: parts.kafka,
      owner,
      random: this.random,
      groupOf: (topic) => parts.groups.get(topic)!,
      within: (run) => this.timers.within(owner, run),
    });
  }

  #newRegion(region: Region, partitions: number): RegionParts {
    const kafka = new Kafka(
      region,
      this.random,
      () => this.timers.nowMs,
      (topic, record) => this.#facts.note(region, topic, record),
    );
    for (const { topic, partitions: count } of topicsOfARegion(partitions)) kafka.create(topic, count);
    const postgres = new RegionPostgres(() => new RegionProcesses(region, this.topology, checkoutLimits));
    const groups = new Map(services.map((service) => [commandsTopic(service) as string, new ConsumerGroup(partitions, sessionMs)]));
    return new RegionParts(region, kafka, postgres, groups);
  }

  #newClients(): ShopClients {
    const { topology, regions, timers, random, recorder } = this;
    const options = {
      topology,
      regions,
      timers,
      random,
      recorder,
      edge: this.edge,
      postgresOf: (region: Region) => this.part(region).postgres,
      isReachable: (region: Region) => !this.part(region).isLost,
      answersLost: () => this.answersLost,
      onAnswered: (shard: ShardId, seq: number) => {
        if (seq > this.shown.seqOf(shard))
          this.violate(
            'an answer rests on what is settled',
            `${shard} ${seq} is answered, nobody was shown more than ${this.shown.seqOf(shard)}`,
          );
      },
      onDone: (kind: string, outcome: string) => {
        this.count(`${kind} ${outcome}`);
        this.trace.note(`${kind} ${outcome}`);
      },
    };
    return new ShopClients(options, 8, 5);
  }

  noteStep(region: Region, { step, procedure, because }: Step): void {
    if (step === 'rest') return;
    this.count(`${procedure} ${step}`);
    this.trace.note(`${region} ${procedure} ${step}: ${because}`);
  }

  report(region: Region, reader: string, level: string, message: string, details: Readonly<Record<string, unknown>>): void {
    if (level === 'info') return;
    const named = (name: string): string => (typeof details[name] === 'string' ? details[name] : '');
    const reason = named('reason') || named('error');
    if (message.startsWith(standsStill)) {
      const shard = details['shard'] as ShardId;
      this.stoppedShards.set(`${reader} ${shard}`, { region, shard, reason });
      if (!this.hasLostData) this.violate('no shard stands still while nothing is lost', `${shard} in ${reader}: ${reason}`);
    }
    if (reason.includes('AssertionError')) this.violate('no assertion fails', `${reader}: ${message}: ${reason}`);
    this.trace.note(`${reader} ${level}: ${message} ${named('shard')} ${reason}${named('commandId')}`);
  }
}
