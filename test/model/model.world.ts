import { assert } from '#kernel';
import { firstLineage, shardOf, type Lineage, type Region, type ShardId } from '#contracts';
import { defaultRegionTiming, mayDropMirror, type PeerView } from '#regions';
import type { Commit, ReadingEvent } from '#shard-log';
import { seededRandom, type SeededRandom } from '#test-kit';
import { ModelAgent, type Effect, type Signals, type Stepper } from './model.agent.ts';
import { ModelCluster } from './model.logs.ts';
import { ModelReader } from './model.reader.ts';
import { ModelRegister } from './model.register.ts';
import { ModelService } from './model.service.ts';

/** As in production, but for larger batches: with more shards closed at once the seeds meet more of what may happen between a close and its swap. */
const timing = { ...defaultRegionTiming, handoffBatch: 6 };

export interface WorldOptions {
  readonly seed: number;
  readonly regions: readonly Region[];
  readonly homes: readonly Region[];
  readonly partitions: number;
  readonly stepper?: Stepper;
  /** Chance that an agent is told an untruth of another region, or of how long something lasts. */
  readonly lies: number;
}

/** What stands at a seq, once anybody was shown it. */
interface Shown {
  readonly commit: string;
  global: boolean;
}

export interface ModelRegion {
  readonly cluster: ModelCluster;
  agents: ModelAgent[];
  services: ModelService[];
  observer: ModelReader;
  /** Its processes run. */
  isUp: boolean;
  /** Its mirrors copy, and it is copied. */
  isLinked: boolean;
  /** Its own mirrors copy nothing, while it lives, beats, and is copied by the others. */
  isDeaf: boolean;
  seesEtcd: boolean;
  /** Its logs are gone, and it never comes back. */
  isGone: boolean;
}

const forEver = 1e9;

/**
 * Regions with real readings and real procedures, and everything between them in one process: logs, lagging mirrors that repeat
 * themselves, one register, appends that arrive late, processes that die between any two effects, two agents and two services per
 * region. Deterministic by its seed. Every reader's settled commits are compared with what any reader was shown before.
 */
export class ModelWorld {
  readonly regions: readonly Region[];
  readonly shards: readonly ShardId[];
  readonly register: ModelRegister;
  readonly parts = new Map<Region, ModelRegion>();
  readonly shown = new Map<ShardId, Map<number, Shown>>();
  readonly violations: string[] = [];
  readonly random: SeededRandom;
  readonly #options: WorldOptions;
  /** Left a process and has not arrived yet. */
  readonly #late: { readonly region: Region; readonly effect: Effect }[] = [];
  evacuated: Region[] = [];
  /** Asked before each effect of an agent in calm: `false`, and the agent dies just then. */
  mayPerform: (region: Region, effect: Effect) => boolean = () => true;
  #services = 0;
  /** In calm a round takes a second: durations are what they are. */
  #status = '';
  #statusSince = 0;
  #revision = 0;
  #revisionSince = 0;
  #round = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.regions = options.regions;
    this.random = seededRandom(options.seed);
    const all = firstLineage({ ...options, catalogue: options.homes[0]! });
    const orders = Object.entries(all.shards).filter(([id]) => shardOf(id).service === 'order');
    this.register = new ModelRegister({ ...all, shards: Object.fromEntries(orders) });
    this.shards = orders.map(([id]) => id as ShardId);
    const clusters = options.regions.map((region) => new ModelCluster(region));
    for (const cluster of clusters) for (const other of clusters) if (other !== cluster) cluster.mirror(other);
    for (const cluster of clusters) {
      const part = { cluster, agents: [], services: [], isUp: true, isLinked: true, isDeaf: false, seesEtcd: true, isGone: false };
      this.parts.set(cluster.region, { ...part, observer: this.reader(cluster.region, cluster) });
      this.startProcesses(cluster.region);
    }
  }

  get lineage(): Lineage {
    return this.register.stored.lineage;
  }

  part(region: Region): ModelRegion {
    return this.parts.get(region)!;
  }

  reader(
    region: Region,
    cluster = this.part(region).cluster,
    onEvent?: (shard: ShardId, event: ReadingEvent) => void,
    yields?: Map<ShardId, string[]>,
  ): ModelReader {
    const observer = {
      settled: (shard: ShardId, commit: Commit, durability: 'global' | 'regional') => {
        this.#show(region, shard, commit, durability);
        if (yields !== undefined) yields.set(shard, [...(yields.get(shard) ?? []), commit.cause]);
      },
      stopped: (shard: ShardId, reason: string) => this.violations.push(`a reader in ${region} stopped at ${shard}: ${reason}`),
    };
    return new ModelReader(cluster, this.regions, this.shards, observer, onEvent);
  }

  startProcesses(region: Region): void {
    const part = this.part(region);
    part.agents = [1, 2].map(() => new ModelAgent(this.reader(region), this.register, this.#options.stepper));
    part.services = [1, 2].map(() => new ModelService(`${region}${++this.#services}`, (note) => this.reader(region, part.cluster, note)));
    part.observer = this.reader(region);
  }

  /** Every process of the region dies; what it had just sent may arrive yet. */
  kill(region: Region): void {
    const part = this.part(region);
    part.isUp = false;
    for (const { effects } of part.agents) {
      const first = effects.shift();
      if (first !== undefined && this.random.chance(0.5)) this.#late.push({ region, effect: first });
      effects.length = 0;
    }
  }

  start(region: Region): void {
    this.part(region).isUp = true;
    this.startProcesses(region);
  }

  /** Its mirror of `of` is dropped, if that is allowed now; what it had computed from it is computed again. */
  dropMirror(region: Region, of: Region): void {
    if (!mayDropMirror(this.lineage, region, of).allowed) return;
    const { cluster } = this.part(region);
    cluster.events.get(of)!.recreate();
    cluster.receipts.get(of)!.recreate();
    this.startProcesses(region);
  }

  perform(region: Region, effect: Effect): void {
    const { cluster, isGone } = this.part(region);
    if (isGone) return;
    if (effect.kind === 'events') cluster.ownEvents.push(effect.record);
    else if (effect.kind === 'receipts') cluster.ownReceipts.push(effect.record);
    else this.register.compareAndSwap(effect.expectedRevision, effect.lineage);
  }

  /** Performs it now, later, or not at all: whoever sent it does not learn which. */
  performInDoubt(region: Region, effect: Effect): void {
    const fate = this.random.next();
    if (fate < 0.85) this.perform(region, effect);
    else if (fate < 0.95) this.#late.push({ region, effect });
  }

  deliverLate(all = false): void {
    while (this.#late.length > 0) {
      const [late] = this.#late.splice(this.random.below(this.#late.length), 1);
      this.perform(late!.region, late!.effect);
      if (!all) return;
    }
  }

  signals(region: Region, isCalm: boolean): Signals {
    const lies = (): boolean => !isCalm && this.random.chance(this.#options.lies);
    const lasting = (): number => (isCalm || this.random.chance(0.7) ? forEver : 0);
    const peers = new Map<Region, PeerView>();
    for (const other of this.regions) {
      if (other === region) continue;
      const { isUp, seesEtcd, isDeaf } = this.part(other);
      const isHeard = this.#hears(region, other) !== lies();
      const settles = isHeard && !isDeaf;
      peers.set(other, {
        lease: (isUp && seesEtcd) !== lies() ? 'held' : 'gone',
        leaseForMs: lasting(),
        silentForMs: isHeard ? 0 : lasting(),
        oldestUnsettledMs: settles || (isCalm && !this.#waits(region, other)) ? 0 : lasting(),
        caughtUp: (isUp && !isDeaf) !== lies(),
        strandedOffered: isUp !== lies(),
      });
    }
    const statusForMs = isCalm ? this.#statusForMs() : lasting();
    return {
      topology: { regions: this.regions, homes: this.#options.homes },
      statusForMs,
      lineageForMs: isCalm ? this.#lineageForMs() : statusForMs,
      peers,
      self: { kafkaSilentForMs: 0, notServingForMs: lasting(), promotionAnnounced: false },
      wishes: { evacuated: this.evacuated, promote: undefined },
      timing,
    };
  }

  /** Faults over: everything that can arrives, is read, decided and written. */
  calmRound(): void {
    this.#round++;
    this.deliverLate(true);
    this.mirrorAll();
    for (const [region, part] of this.parts) {
      if (!part.isUp || part.isGone) continue;
      for (const agent of part.agents) this.#calmAgent(region, agent);
      for (const service of part.services) {
        service.reader.learn(this.register.stored);
        service.reader.readAll();
      }
      const writing = part.services[0]!;
      for (const shard of this.shards) {
        const effect = writing.write(shard);
        if (effect !== undefined) this.perform(region, effect);
      }
      part.observer.learn(this.register.stored);
      part.observer.readAll();
    }
  }

  /** Links that stand carry everything over. */
  mirrorAll(): void {
    for (const { cluster, isLinked, isDeaf, isGone } of this.parts.values()) {
      if (!isLinked || isDeaf || isGone) continue;
      for (const mirrors of [cluster.events, cluster.receipts])
        for (const [origin, mirror] of mirrors) if (this.part(origin).isLinked && !this.part(origin).isGone) mirror.pull(Infinity);
    }
  }

  #hears(region: Region, other: Region): boolean {
    const { isLinked, isDeaf } = this.part(region);
    return this.part(other).isUp && this.part(other).isLinked && isLinked && !isDeaf;
  }

  /** Whether commits of `region` settle by receipts of `other`; there always are some. */
  #waits(region: Region, other: Region): boolean {
    const last = this.shards.map((shard) => this.lineage.shards[shard]!.at(-1)!);
    return last.some(({ owner, mirror, mode }) => owner === region && mirror === other && mode === 'paired');
  }

  #statusForMs(): number {
    const status = JSON.stringify(this.lineage.status);
    if (status !== this.#status) this.#statusSince = this.#round;
    this.#status = status;
    return (this.#round - this.#statusSince) * 1_000;
  }

  #lineageForMs(): number {
    const { revision } = this.register.stored;
    if (revision !== this.#revision) this.#revisionSince = this.#round;
    this.#revision = revision;
    return (this.#round - this.#revisionSince) * 1_000;
  }

  #calmAgent(region: Region, agent: ModelAgent): void {
    if (this.part(region).seesEtcd) agent.think(this.signals(region, true), (reader) => reader.readAll());
    agent.receipt();
    for (let effect = agent.effects.shift(); effect !== undefined; effect = agent.effects.shift()) {
      if (!this.mayPerform(region, effect)) {
        agent.effects.length = 0;
        return;
      }
      this.perform(region, effect);
    }
  }

  #show(region: Region, shard: ShardId, commit: Commit, durability: 'global' | 'regional'): void {
    const history = this.shown.get(shard) ?? new Map<number, Shown>();
    this.shown.set(shard, history);
    const before = history.get(commit.seq);
    if (before === undefined) {
      if (commit.seq > 1 && !history.has(commit.seq - 1))
        this.violations.push(`${shard}: ${commit.seq} was settled before ${commit.seq - 1}`);
      history.set(commit.seq, { commit: commit.cause, global: durability === 'global' });
    } else if (before.commit !== commit.cause)
      this.violations.push(`${shard} ${commit.seq}: ${before.commit} was shown, a reader in ${region} settles ${commit.cause}`);
    else if (durability === 'global') before.global = true;
    assert(this.violations.length < 100, this.violations.join('\n'));
  }
}
