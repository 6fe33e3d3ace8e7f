import { assertNever } from '#kernel';
import { eventsTopic, otherRegions, shardOf, type Region, type Topology } from '#contracts';
import {
  nextStep,
  servingOf,
  type AgentSignal,
  type RegionState,
  type RegionTiming,
  type RegionView,
  type Step,
  type StoredLineage,
} from '#regions';
import { encodeLineage, encodeReceipts, encodeShardRecord, type NewRecord, type Receipt } from '#shard-log';
import type { SeededRandom } from '#test-kit';
import { areFollowed } from '../../../apps/region-agent/src/lead/followed-peers.ts';
import type { LeadingParts } from '../../../apps/region-agent/src/leading.parts.ts';
import type { ReceiptCheckpoint } from '../../../apps/region-agent/src/receipts/checkpoint.store.ts';
import { ReceiptLedger } from '../../../apps/region-agent/src/receipts/receipt-ledger.ts';
import type { StrandedOffers } from '../../../apps/region-agent/src/stranded/stranded-offers.ts';
import type { StrandedSightings } from '../../../apps/region-agent/src/stranded/stranded-sightings.ts';
import { Attention } from '../../../apps/region-agent/src/view/attention.ts';
import { RegionObserver } from '../../../apps/region-agent/src/view/region-observer.ts';
import { AgentLogs } from './agent-logs.ts';
import type { Etcd } from './etcd.ts';
import type { Kafka } from './kafka.ts';
import { WorldProcess } from './process.ts';
import { epochMs, type VirtualTimers } from './virtual-timers.ts';

export type Stepper = (view: RegionView) => Step;

export interface AgentOptions {
  readonly name: string;
  readonly region: Region;
  readonly instance: number;
  readonly topology: Topology;
  readonly timing: RegionTiming;
  readonly timers: VirtualTimers;
  readonly kafka: Kafka;
  readonly etcd: Etcd;
  readonly random: SeededRandom;
  readonly stepper?: Stepper | undefined;
  readonly from: ReceiptCheckpoint | undefined;
  /** What it remembers across restarts, in PostgreSQL. */
  readonly save: (checkpoint: ReceiptCheckpoint) => void;
  readonly strandedOffers: (owner: WorldProcess, sightings: StrandedSightings) => StrandedOffers;
  onStep(region: Region, step: Step): void;
}

/** One thing that leaves the process; between any two of them it may die, or sleep. */
type Effect =
  | { readonly kind: 'append'; readonly topic: string; readonly partition: number; readonly records: readonly NewRecord[] }
  | { readonly kind: 'swap'; readonly before: StoredLineage; readonly step: Extract<Step, { step: 'claim' | 'swap' }> };

const roundMs = 140;
/** With nothing to do. */
const idleMs = 400;
const beatsPerRepeat = 6;
const lagRecordsMax = 1_000;
const checkpointEveryMs = 3_000;

/**
 * A region's agent: looks at etcd, then at the logs, asks for one step, does it, looks anew. Its ledger, view, procedures and stranded offers are
 * the real ones; `RegionAgent`, `Lead`, `Effects`, `ReceiptWriter` and `Candidacy`, which are clients of Kafka and etcd, are these lines.
 */
export class AgentProcess extends WorldProcess {
  readonly instance: number;
  readonly #with: AgentOptions;
  readonly #session: string;
  readonly #ledger: ReceiptLedger;
  readonly #logs: AgentLogs;
  readonly #observer: RegionObserver;
  readonly #attention: Attention;
  readonly #stranded: StrandedOffers;
  readonly #effects: Effect[] = [];
  readonly #beganMs: number;
  /** An append of it is on its way. */
  #waiting = 0;
  #newest: StoredLineage | undefined;
  #copiedRevision = 0;
  #isLeading = false;
  #nextRoundMs = 0;
  #nextBeatMs = 0;
  #beats = 0;
  #nextCheckpointMs: number;
  #notServingSinceMs: number | undefined;
  #readAtMs: number | undefined;
  lastStep: Step | undefined;

  constructor(options: AgentOptions) {
    super(options.name, options.region);
    this.#with = options;
    this.instance = options.instance;
    this.#session = options.name;
    const { timers, region: here, topology, timing, kafka, from } = options;
    const nowMs = (): number => timers.nowMs;
    this.#beganMs = nowMs();
    this.#nextCheckpointMs = nowMs() + checkpointEveryMs;
    this.#ledger = new ReceiptLedger(here, from?.ledger);
    this.#logs = new AgentLogs({
      kafka,
      regions: [here, ...otherRegions(topology, here)],
      partitions: topology.partitions,
      ledger: this.#ledger,
      from,
      nowMs,
    });
    this.#attention = new Attention(nowMs);
    this.#observer = new RegionObserver({ here, topology, timing, nowMs, attention: this.#attention });
    this.#stranded = options.strandedOffers(this, this.#ledger.strandedHere);
    timers.within(this, () => this.#stranded.start());
  }

  /** Stranded commits that it has seen in its region's logs and not looked for. */
  get unlookedStranded(): number {
    return this.#ledger.strandedHere.unlooked;
  }

  get isAtRest(): boolean {
    return this.#effects.length === 0 && this.#waiting === 0;
  }

  /** One activation: does the next thing that it has decided, or looks anew if it is time. True: something happened. */
  act(): boolean {
    const { timers, random } = this.#with;
    if (!this.isRunning || this.#waiting > 0) return false;
    const effect = this.#effects.shift();
    if (effect !== undefined) this.#perform(effect);
    else if (timers.nowMs >= this.#nextRoundMs) {
      const isIdle = this.lastStep === undefined || (this.lastStep.step === 'rest' && this.lastStep.procedure === 'none');
      this.#nextRoundMs = timers.nowMs + (isIdle ? idleMs : roundMs);
      this.#round(random.chance(0.15));
    } else return false;
    return true;
  }

  #round(isHasty: boolean): void {
    const { etcd, region, timers, timing, kafka, random } = this.#with;
    const state = etcd.answers(region) ? etcd.read(timers.nowMs) : undefined;
    if (state !== undefined) this.#see(state);
    if (this.#newest === undefined || !kafka.isUp) return;
    this.#logs.read(isHasty ? random : undefined);
    if (state !== undefined) {
      this.#isLeading = etcd.renew(this.#session, this.#signal(state), timers.nowMs, timing.leaseTtlSeconds * 1_000);
      this.#observer.notice(state);
    }
    if (!this.#isLeading) return;
    this.#sayWhatMoved();
    if (state === undefined || (!this.#logs.isCurrent && timers.nowMs - this.#beganMs < 10_000)) return;
    this.#decide(state);
    if (timers.nowMs >= this.#nextCheckpointMs) {
      this.#nextCheckpointMs = timers.nowMs + checkpointEveryMs;
      this.#with.save(this.#logs.checkpoint());
    }
  }

  #see(state: RegionState): void {
    const { region, timers } = this.#with;
    this.#readAtMs = timers.nowMs;
    const stored = state.lineage!;
    if (stored.revision > (this.#newest?.revision ?? 0)) {
      this.#newest = stored;
      this.#logs.readAgain(this.#ledger.learn(stored.lineage).again);
      this.#nextBeatMs = 0;
      this.#beats = beatsPerRepeat - 1; // says everything again
    }
    this.#stranded.learn(stored);
    const evacuated = state.wishes.evacuated;
    const serving = servingOf({
      here: region,
      stored,
      readAgoMs: timers.nowMs - this.#readAtMs,
      evacuated,
      kafkaSilentForMs: 0,
      timing: this.#with.timing,
    });
    this.#notServingSinceMs = serving.serving ? undefined : (this.#notServingSinceMs ?? timers.nowMs);
  }

  #decide(state: RegionState): void {
    const { timers, stepper = nextStep, region } = this.#with;
    const parts = { ledger: this.#ledger, logs: this.#logs } as unknown as LeadingParts;
    const notServingForMs = this.#notServingSinceMs === undefined ? 0 : timers.nowMs - this.#notServingSinceMs;
    const view = this.#observer.view(state, parts, { kafkaSilentForMs: 0, notServingForMs, promotionAnnounced: false });
    const step = stepper(view);
    this.lastStep = step;
    this.#with.onStep(region, step);
    this.#effects.push(...this.#effectsOf(step, state.lineage!));
  }

  #effectsOf(step: Step, before: StoredLineage): readonly Effect[] {
    switch (step.step) {
      case 'rest':
        return [];
      case 'claim':
      case 'swap':
        return [{ kind: 'swap', before, step }];
      case 'cut': {
        const records = [this.#receipts(this.#ledger.all()), encodeReceipts({ kind: 'cut', by: this.region, term: step.term })];
        return [{ kind: 'append', topic: 'receipts', partition: 0, records }];
      }
      case 'close':
        return step.shards.map(({ shard, term }) => {
          const { service, partition } = shardOf(shard);
          return { kind: 'append', topic: eventsTopic(service), partition, records: [encodeShardRecord({ kind: 'close', shard, term })] };
        });
      default:
        return assertNever(step);
    }
  }

  #perform(effect: Effect): void {
    const { kafka, etcd, timers } = this.#with;
    if (effect.kind === 'swap') {
      if (etcd.answers(this.region)) etcd.compareAndSwap(effect.step.expectedRevision, effect.step.lineage); // what came of it is read back
      this.#nextRoundMs = 0;
      return;
    }
    timers.within(
      this,
      () =>
        void this.#append(
          () => kafka.submit(this, effect.topic, effect.partition, effect.records),
          () => undefined,
        ),
    );
  }

  async #append(send: () => Promise<unknown>, onFailure: () => void): Promise<void> {
    this.#waiting += 1;
    try {
      await send();
    } catch {
      onFailure(); // in doubt: it is found in the logs, or written again
    } finally {
      this.#waiting -= 1;
      this.#nextRoundMs = 0;
    }
  }

  #receipts(receipts: readonly Receipt[]): NewRecord {
    return encodeReceipts({ kind: 'receipts', by: this.region, receipts });
  }

  /** The lineage for the services, and receipts: what moved, everything from time to time, and a beat if nothing did. */
  #sayWhatMoved(): void {
    const { timers, timing, kafka } = this.#with;
    const newest = this.#newest!;
    if (newest.revision > this.#copiedRevision) {
      const record = encodeLineage(newest);
      timers.within(
        this,
        () =>
          void this.#append(
            () => kafka.submit(this, 'lineage', 0, [record]),
            () => (this.#copiedRevision = 0),
          ),
      );
      this.#copiedRevision = newest.revision;
    }
    const isBeat = timers.nowMs >= this.#nextBeatMs;
    if (isBeat) this.#beats += 1;
    const receipts = isBeat && this.#beats % beatsPerRepeat === 0 ? this.#ledger.all() : this.#ledger.moved();
    if (receipts.length === 0 && !isBeat) return;
    this.#nextBeatMs = timers.nowMs + timing.receiptsRepeatMs;
    timers.within(this, () => void this.#writeReceipts(receipts));
  }

  async #writeReceipts(receipts: readonly Receipt[]): Promise<void> {
    const record = this.#receipts(receipts);
    await this.#append(
      () => this.#with.kafka.submit(this, 'receipts', 0, [record]),
      () => this.#ledger.notWritten(receipts),
    );
  }

  #signal(state: RegionState): AgentSignal {
    const leading = this.#isLeading;
    return {
      region: this.region,
      instance: this.instance,
      leading,
      lineageRevision: state.lineage?.revision ?? 0,
      caughtUp: leading && this.#isCaughtUp(state),
      strandedOffered: leading && this.#stranded.offered(),
    };
  }

  #isCaughtUp(state: RegionState): boolean {
    const { topology, timers } = this.#with;
    if (this.#ledger.awaitedShards > 0 || this.#logs.lagRecords > lagRecordsMax) return false;
    const peers = otherRegions(topology, this.region).map((region) => ({
      region,
      hasLease: state.signals.some((signal) => signal.region === region),
      heard: this.#logs.heardOf(region),
    }));
    return areFollowed(peers, timers.nowMs, epochMs + timers.nowMs);
  }
}
