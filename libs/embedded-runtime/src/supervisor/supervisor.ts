import { join } from 'node:path';
import type { ProgramSpec } from '../programs/program.ts';
import { Part, type PartState } from './part.ts';
import { PartLog } from './part-log.ts';
import type { Listen } from './ports.ts';
import { signalTrees } from './processes.ts';
import type { ScrapeJob } from '../programs/scrape-config.ts';

/** A program, and what must be ready before it starts. */
export interface PartPlan {
  readonly kind: 'part';
  readonly spec: ProgramSpec;
  readonly region: string;
  readonly needs: readonly string[];
  /** Parts later in the plan that are stopped before this one, though they do not need it. */
  readonly stopsAfter?: readonly string[];
  readonly listens: readonly Listen[];
  /** Base URL, for parts that speak HTTP to people and to `status`. */
  readonly url?: string;
  /** It has a `/metrics` at this address; `service` is what it is one of, such as `order-service`. */
  readonly metrics?: { readonly job: ScrapeJob; readonly service: string; readonly at: Listen };
  /** Says why it cannot run at all in this checkout (it is not built): listed as missing, and nothing waits for it. */
  readonly missing?: () => string | undefined;
}

/** Something to do once between parts, such as creating topics. */
export interface StepPlan {
  readonly kind: 'step';
  readonly name: string;
  /** Done again whenever this region is started: so it must do no harm when everything is there. */
  readonly region?: string;
  readonly needs: readonly string[];
  /** The signal says that everything is to stop: then it should end soon, in whatever way. */
  run(signal: AbortSignal): Promise<void>;
}

export type Plan = readonly (PartPlan | StepPlan)[];

export interface PartStatus {
  readonly name: string;
  readonly region: string;
  readonly state: PartState;
  /** What a part that was ready says is missing now. */
  readonly unready: string | undefined;
  readonly pid: number | undefined;
  readonly ports: readonly string[];
  readonly restarts: number;
  readonly url: string | undefined;
  /** What it tells Prometheus, and where. */
  readonly metrics?: PartPlan['metrics'];
  readonly log: string;
}

export interface SupervisorOptions {
  readonly plan: Plan;
  readonly logs: string;
  readonly runDirectory: string;
  readonly report: (line: string) => void;
  readonly logMaxBytes?: number;
}

const logCheckMs = 10_000;
const logMaxBytesDefault = 64 * 1024 * 1024;

export const planName = (item: PartPlan | StepPlan): string => (item.kind === 'part' ? item.spec.name : item.name);

/**
 * Runs a plan: each item starts as soon as all that it needs is ready, so what does not depend on each other starts at the same time.
 * When one fails, nothing further starts and `start` rejects; what already runs stays until `stop`, which goes in reverse.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #parts = new Map<string, Part>();
  readonly #logCheck: NodeJS.Timeout;
  readonly #stop = new AbortController();

  /** @throws Error when a plan names something twice, or needs what it does not name before */
  constructor(options: SupervisorOptions) {
    this.#options = options;
    const known = new Set<string>();
    for (const item of options.plan) {
      const unknown = item.needs.find((need) => !known.has(need));
      if (unknown !== undefined) throw new Error(`${planName(item)} needs ${unknown}, which does not stand before it in the plan`);
      if (known.has(planName(item))) throw new Error(`the plan names ${planName(item)} twice`);
      known.add(planName(item));
      if (item.kind === 'part') this.#parts.set(planName(item), this.#partOf(item));
    }
    this.#logCheck = setInterval(() => this.#keepLogsBounded(), logCheckMs).unref();
  }

  /** Resolves when everything is ready. @throws Error with the first that could not be started */
  async start(): Promise<void> {
    const started = new Map<string, Promise<void>>();
    for (const item of this.#options.plan) {
      const needs = item.needs.map((need) => started.get(need)!);
      started.set(planName(item), this.#startAfter(item, needs));
    }
    // The first real failure decides; what was not tried because of it says nothing new.
    const tellFailure = (error: unknown): void => {
      if (this.#stop.signal.aborted) throw new Error('stopped before everything was ready');
      if (!(error instanceof NotTriedError)) throw error;
    };
    await Promise.all([...started.values()].map((outcome) => outcome.catch(tellFailure)));
    if (this.#stop.signal.aborted) throw new Error('stopped before everything was ready');
  }

  async #startAfter(item: PartPlan | StepPlan, needs: readonly Promise<void>[]): Promise<void> {
    const outcomes = await Promise.allSettled(needs);
    if (this.#stop.signal.aborted || outcomes.some(({ status }) => status === 'rejected')) throw new NotTriedError(planName(item));
    if (item.kind === 'step') return item.run(this.#stop.signal);
    const part = this.part(item.spec.name);
    const missing = item.missing?.();
    if (missing !== undefined) {
      this.#options.report(`${item.spec.name}: missing: ${missing}`);
      return part.markMissing();
    }
    const beganMs = performance.now();
    await part.start();
    this.#options.report(`${item.spec.name}: ready after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
    return undefined;
  }

  /** @throws Error that names the parts there are */
  part(name: string): Part {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`no part ${name}; there are ${[...this.#parts.keys()].join(', ')}`);
    return part;
  }

  get plan(): Plan {
    return this.#options.plan;
  }

  /** Every address at which a part that can run will listen. */
  listens(): readonly Listen[] {
    return this.#options.plan.flatMap((item) => (item.kind === 'part' && item.missing?.() === undefined ? item.listens : []));
  }

  /** The running processes of all parts whose name ends so, such as `etcd`. */
  pidsOf(suffix: string): readonly { readonly pid: number; readonly region: string }[] {
    return this.#options.plan.flatMap((item) => {
      const pid = item.kind === 'part' && item.spec.name.endsWith(`.${suffix}`) ? this.part(item.spec.name).pid : undefined;
      return pid === undefined || item.kind === 'step' ? [] : [{ pid, region: item.region }];
    });
  }

  /** Asks every part once whether it is ready now. */
  async status(): Promise<readonly PartStatus[]> {
    const plans = this.#options.plan.filter((item) => item.kind === 'part');
    return Promise.all(
      plans.map(async ({ spec, region, listens, url, metrics }) => {
        const part = this.part(spec.name);
        return {
          name: spec.name,
          region,
          unready: part.state === 'ready' ? await spec.ready() : undefined,
          state: part.state,
          pid: part.pid,
          ports: listens.map(({ host, port }) => `${host}:${port}`),
          restarts: part.restarts,
          url,
          metrics,
          log: part.log.path,
        };
      }),
    );
  }

  /** Stops everything, each part once all that need it are gone. Safe at any time, also while `start` is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#logCheck);
    // What is paused answers nobody: others, asked to stop, would wait for it.
    const paused = [...this.#parts.values()].filter(({ state }) => state === 'paused');
    await signalTrees(
      paused.flatMap(({ pid }) => pid ?? []),
      'SIGCONT',
    );
    for (const part of paused) part.wasSignalled('SIGCONT');
    const stopped = new Map<string, Promise<void>>();
    for (const item of this.#options.plan.toReversed()) {
      const before = item.kind === 'part' ? (item.stopsAfter ?? []) : [];
      const dependents = this.#options.plan
        .filter((other) => other.needs.includes(planName(item)) || before.includes(planName(other)))
        .map((other) => stopped.get(planName(other))!);
      const part = this.#parts.get(planName(item));
      stopped.set(
        planName(item),
        Promise.allSettled(dependents).then(() => part?.stop()),
      );
    }
    const failures = (await Promise.allSettled(stopped.values()))
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }) => reason as Error);
    if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
  }

  #partOf({ spec }: PartPlan): Part {
    const { logs, runDirectory, report, logMaxBytes = logMaxBytesDefault } = this.#options;
    const log = new PartLog(join(logs, `${spec.name}.log`), logMaxBytes);
    log.rotate();
    return new Part({ spec, log, runDirectory, report });
  }

  #keepLogsBounded(): void {
    for (const { spec, log } of this.#parts.values()) {
      try {
        log.keepBounded();
      } catch (error) {
        this.#options.report(`${spec.name}: its log cannot be kept bounded: ${(error as Error).message}`);
      }
    }
  }
}

/** Something that it needs failed, which is reported there. */
class NotTriedError extends Error {
  override readonly name = 'NotTriedError';
}
