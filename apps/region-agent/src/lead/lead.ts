import { otherRegions, type AgentProcedure } from '#contracts';
import type { AgentSignal, RegionState, RegionView, SelfView, StoredLineage } from '#regions';
import { LeadingParts } from '../leading.parts.ts';
import { Effects } from '../procedures/effects.ts';
import { ProcedureRunner } from '../procedures/procedure-runner.ts';
import type { LeadCompanion, RegionAgentOptions } from '../region-agent.options.ts';
import type { Attention } from '../view/attention.ts';
import { RegionObserver } from '../view/region-observer.ts';
import { areFollowed } from './followed-peers.ts';

export interface LeadOptions extends Omit<RegionAgentOptions, 'nowMs'> {
  readonly nowMs: () => number;
  readonly attention: Attention;
  readonly isLeadConfirmed: () => boolean;
  readonly onLooked: () => void;
  /** The lineage was changed, or may have been. */
  readonly onSwapped: () => void;
}

interface Running {
  readonly sinceMs: number;
  readonly parts: LeadingParts;
  readonly effects: Effects;
  readonly runner: ProcedureRunner;
  readonly companion: LeadCompanion | undefined;
}

/** A mirror that is behind by so much is not followed closely. */
const lagRecordsMax = 1_000;

const logsAwaitedMs = 10_000;

/** What an instance does while it leads: taken up and laid down as a whole. */
export class Lead {
  readonly #options: LeadOptions;
  readonly #observer: RegionObserver;
  #running: Running | undefined;
  #view: RegionView | undefined;
  #problem: string | undefined;

  constructor(options: LeadOptions) {
    this.#options = options;
    this.#observer = new RegionObserver(options);
  }

  get parts(): LeadingParts | undefined {
    return this.#running?.parts;
  }

  get view(): RegionView | undefined {
    return this.#view;
  }

  get procedure(): AgentProcedure | undefined {
    return this.#running?.runner.status;
  }

  /** Why leading could not be taken up, or undefined. */
  get problem(): string | undefined {
    return this.#running === undefined ? (this.#problem ?? 'it is taking up the lead') : undefined;
  }

  async takeUp(): Promise<void> {
    if (this.#running !== undefined) return;
    const { log, here, cluster, lineageStore, events, nowMs, timing, idleMs, attention, onLooked, onSwapped, companion } = this.#options;
    try {
      const parts = await LeadingParts.start({
        ...this.#options,
        onLooked: () => this.#looked(onLooked),
        isUnderWay: () => this.#isUnderWay,
      });
      attention.wasBlind(); // nothing of the logs was followed until now
      const effects = new Effects({ here, cluster, lineageStore, parts, onSwapped });
      const runner = new ProcedureRunner({ effects, events, nowMs, roundMs: timing.roundMs, idleMs });
      this.#running = { sinceMs: nowMs(), parts, effects, runner, companion: companion?.(parts.ledger.strandedHere) };
      this.#running.companion?.start();
      this.#problem = undefined;
    } catch (error) {
      if ((error as Error).message !== this.#problem) log.warn({ err: error }, 'the lead cannot be taken up yet');
      this.#problem = (error as Error).message;
    }
  }

  async standBack(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    [this.#running, this.#view] = [undefined, undefined];
    const closing = [running.companion?.close() ?? Promise.resolve(), running.effects.close(), running.parts.close()];
    for (const closed of await Promise.allSettled(closing))
      if (closed.status === 'rejected') this.#options.log.warn({ err: closed.reason as unknown }, 'a part of the lead did not close');
  }

  /** What etcd says of the others, whoever leads here. */
  notice(state: RegionState): void {
    this.#observer.notice(state);
  }

  see(stored: StoredLineage | undefined): void {
    this.#running?.parts.see(stored);
    if (stored !== undefined) this.#running?.companion?.learn(stored);
  }

  /** What this instance says of itself to the other regions. */
  signal(state: RegionState, leading: boolean): AgentSignal {
    const { here: region, instance } = this.#options;
    const offered = this.#running?.companion?.offered() ?? this.#running !== undefined;
    return {
      region,
      instance,
      leading,
      lineageRevision: state.lineage?.revision ?? 0,
      caughtUp: leading && this.#isCaughtUp(state),
      strandedOffered: leading && offered,
    };
  }

  /** One look and, if etcd has answered and says that this instance leads, one step. Answers the rest until the next. */
  async round(state: RegionState | undefined, self: SelfView, isLeading: boolean): Promise<number> {
    const running = this.#running;
    const { timing, idleMs } = this.#options;
    if (running === undefined) return timing.roundMs;
    const view = this.#observer.view(state, running.parts, self);
    this.#view = view;
    if (!isLeading) return idleMs;
    // What the last leader has written may not be read yet; a log that cannot be read to its end must not stop everything for ever. What must
    // wait for it all the same, a promotion, sees it in the view.
    const leadingMs = this.#options.nowMs() - running.sinceMs;
    if (!running.parts.logs.isCurrent && leadingMs < logsAwaitedMs) return timing.roundMs;
    return running.runner.round(view);
  }

  /** Waits for what others write go on at once; an idle agent is not woken by every commit. */
  #looked(onLooked: () => void): void {
    this.#running?.effects.looked();
    if (this.#isUnderWay) onLooked();
  }

  get #isUnderWay(): boolean {
    return this.#running?.runner.isUnderWay === true;
  }

  #isCaughtUp(state: RegionState): boolean {
    const running = this.#running;
    if (running === undefined) return false;
    const { logs, ledger, keeper } = running.parts;
    const { topics, problem } = logs.status();
    if (problem !== undefined || ledger.awaitedShards > 0 || keeper.status().newest?.revision !== state.lineage?.revision) return false;
    if (topics.reduce((lag, { lagRecords }) => lag + lagRecords, 0) > lagRecordsMax) return false;
    const peers = otherRegions(this.#options.topology, this.#options.here).map((region) => ({
      region,
      hasLease: state.signals.some((signal) => signal.region === region),
      heard: logs.heardOf(region),
    }));
    return areFollowed(peers, this.#options.nowMs(), Date.now());
  }
}
