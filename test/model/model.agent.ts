import type { Lineage, Region } from '#contracts';
import { nextStep, type RegionView, type Step } from '#regions';
import type { ReceiptsRecord, ShardRecord } from '#shard-log';
import { assertNever } from '#kernel';
import type { ModelReader } from './model.reader.ts';
import type { ModelRegister } from './model.register.ts';

/** One thing that leaves a process; between any two of them it may die, or sleep. */
export type Effect =
  | { readonly kind: 'events'; readonly record: ShardRecord }
  | { readonly kind: 'receipts'; readonly record: ReceiptsRecord }
  | { readonly kind: 'swap'; readonly expectedRevision: number; readonly lineage: Lineage };

/** What a process is told that does not stand in etcd or in a log; lies harm nobody. */
export type Signals = Pick<RegionView, 'statusForMs' | 'lineageForMs' | 'peers' | 'self' | 'wishes' | 'timing' | 'topology'>;

export type Stepper = (view: RegionView) => Step;

/** An agent as it is to be wired: look (etcd first, then the logs), ask for one step, do it, look anew. */
export class ModelAgent {
  readonly region: Region;
  readonly reader: ModelReader;
  readonly #register: ModelRegister;
  readonly #stepper: Stepper;
  /** Decided and not yet done. */
  readonly effects: Effect[] = [];
  lastStep: Step | undefined;

  constructor(reader: ModelReader, register: ModelRegister, stepper: Stepper = nextStep) {
    this.region = reader.cluster.region;
    this.reader = reader;
    this.#register = register;
    this.#stepper = stepper;
  }

  /** `readOn` reads the logs as far as the test wants, after etcd was read. */
  think(signals: Signals, readOn: (reader: ModelReader) => void): Step {
    const { stored } = this.#register;
    this.reader.learn(stored);
    readOn(this.reader);
    const cuts = new Map<Region, number>();
    for (const [region, { cut }] of this.reader.folds) if (cut !== undefined) cuts.set(region, cut);
    const step = this.#stepper({
      ...signals,
      here: this.region,
      stored,
      shards: this.reader.shardViews(stored),
      cuts,
      logsAreCurrent: true,
    });
    this.lastStep = step;
    this.effects.push(...this.#effectsOf(step));
    return step;
  }

  /** Its steady work: says what it may say. */
  receipt(): void {
    const receipts = this.reader.receiptable();
    if (receipts.length > 0) this.effects.push({ kind: 'receipts', record: { kind: 'receipts', by: this.region, receipts } });
  }

  #effectsOf(step: Step): readonly Effect[] {
    switch (step.step) {
      case 'rest':
        return [];
      case 'claim':
      case 'swap':
        return [{ kind: 'swap', expectedRevision: step.expectedRevision, lineage: step.lineage }];
      case 'cut':
        return [
          { kind: 'receipts', record: { kind: 'receipts', by: this.region, receipts: this.reader.receiptable() } },
          { kind: 'receipts', record: { kind: 'cut', by: this.region, term: step.term } },
        ];
      case 'close':
        return step.shards.map(({ shard, term }) => ({ kind: 'events', record: { kind: 'close', shard, term } }));
      default:
        return assertNever(step);
    }
  }
}
