import type { AgentProcedure } from '#contracts';
import { nextStep, type RegionView, type Step } from '#regions';
import type { RegionEvents } from '../region-events.port.ts';
import type { Effects } from './effects.ts';
import { countStep } from './count-step.ts';

export interface ProcedureRunnerOptions {
  readonly effects: Effects;
  readonly events: RegionEvents;
  readonly nowMs: () => number;
  /** Pause before the next round when a step was done or a procedure is under way. */
  readonly roundMs: number;
  /** When there is nothing to do. */
  readonly idleMs: number;
}

/** After a step that did not end well: this pause, doubled each time, up to `longestPauseMs`. Without end: only the pause is bounded, for what is half-done must be finished. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** One step after the other, each told with its reason. It keeps nothing that a procedure depends on. */
export class ProcedureRunner {
  readonly #options: ProcedureRunnerOptions;
  #last: AgentProcedure | undefined;
  #troubles = 0;

  constructor(options: ProcedureRunnerOptions) {
    this.#options = options;
  }

  get status(): AgentProcedure | undefined {
    return this.#last;
  }

  /** Whether something is under way that waits for what others write. */
  get isUnderWay(): boolean {
    return this.#last !== undefined && this.#last.procedure !== 'none';
  }

  /** Does what the view asks for. Answers how long to rest before the next look. */
  async round(view: RegionView): Promise<number> {
    const step = nextStep(view);
    this.#note(step);
    if (step.step === 'rest') {
      if (step.awaitsPerson) this.#tellOnce(step, view);
      return step.procedure === 'none' && !isUneasy(view) ? this.#options.idleMs : this.#options.roundMs;
    }
    const startedMs = this.#options.nowMs();
    const trouble = await this.#perform(step, view);
    const tookMs = Math.round(this.#options.nowMs() - startedMs);
    return trouble === undefined ? this.#done(step, view, tookMs) : this.#failed(step, view, trouble, tookMs);
  }

  async #perform(step: Step, { stored }: RegionView): Promise<string | undefined> {
    if (stored === undefined) return 'there is no lineage to act upon';
    try {
      return await this.#options.effects.perform(step, stored);
    } catch (error) {
      return (error as Error).message;
    }
  }

  #done(step: Step, view: RegionView, tookMs: number): number {
    this.#troubles = 0;
    this.#last = { ...this.#last!, trouble: undefined };
    this.#record(`step-${step.step}`, step, view, tookMs);
    countStep(step, view, tookMs);
    return 0; // what follows from it is looked at now
  }

  #failed(step: Step, view: RegionView, trouble: string, tookMs: number): number {
    if (this.#last?.trouble !== trouble) this.#record(`step-${step.step}-failed`, { ...step, because: trouble }, view, tookMs);
    this.#last = { ...this.#last!, trouble };
    this.#troubles += 1;
    return Math.min(firstPauseMs * 2 ** (this.#troubles - 1), longestPauseMs);
  }

  #note(step: Step): void {
    const awaitsPerson = step.step === 'rest' && step.awaitsPerson;
    const isSame = this.#last?.step === step.step && this.#last.procedure === step.procedure && this.#last.awaitsPerson === awaitsPerson;
    const since = isSame ? this.#last!.since : new Date().toISOString();
    const trouble = isSame ? this.#last!.trouble : undefined;
    this.#last = { step: step.step, procedure: step.procedure, because: step.because, awaitsPerson, since, trouble };
  }

  #toldPerson: string | undefined;
  /** That a person must decide is told once, until something else is the case. */
  #tellOnce(step: Step, view: RegionView): void {
    const since = this.#last!.since;
    if (this.#toldPerson === since) return;
    this.#toldPerson = since;
    this.#record('awaits-person', step, view, undefined);
  }

  #record(event: string, step: Step, { stored }: RegionView, tookMs: number | undefined): void {
    this.#options.events.record({
      event,
      term: stored?.lineage.term ?? 0,
      because: step.because,
      details: { procedure: step.procedure, ...detailsOf(step) },
      ...(tookMs === undefined ? {} : { tookMs }),
    });
  }
}

/** Somebody is silent, or his lease is gone: what follows should not wait for an idle rest. */
const isUneasy = ({ peers, timing }: RegionView): boolean =>
  [...peers.values()].some(({ lease, silentForMs }) => lease !== 'held' || silentForMs > timing.receiptsRepeatMs * 2);

function detailsOf(step: Step): Readonly<Record<string, unknown>> {
  switch (step.step) {
    case 'claim':
      return { term: step.lineage.term };
    case 'cut':
      return { term: step.term };
    case 'close':
      return { shards: step.shards.map(({ shard }) => shard) };
    case 'swap':
      return {
        term: step.lineage.term,
        status: step.lineage.status,
        added: Object.fromEntries([...step.added].map(([shard, { owner, base, mode }]) => [shard, { owner, base, mode }])),
      };
    default:
      return {};
  }
}
