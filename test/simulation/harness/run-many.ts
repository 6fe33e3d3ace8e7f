import type { SimulationResult } from '../run/simulation.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import type { Explanation, SeedJob } from './seed-job.ts';
import { workThrough, type PoolOptions } from './seed.pool.ts';
import type { ManyOptions } from './simulate-options.ts';
import { Tally } from './tally.ts';
import { canBeExplained, repeatsExactly, withoutEnd, type SimulatedWorld } from './world.port.ts';

/** Beside it: the same module's tables, as the pool's threads import it. */
export interface ManyParts {
  readonly world: URL;
  readonly tables: Omit<SimulatedWorld, 'simulate'>;
  readonly nowMs: () => number;
  /** A seed is done. */
  readonly onDone: () => void;
  /** All seeds are done, and so many failures are to be made small. */
  readonly onExplain: (failures: number) => void;
  /** Ends it early: what is known by then is the answer. */
  readonly interrupted: AbortSignal;
  readonly endsWithinMs: PoolOptions['endsWithinMs'];
}

export interface Failure {
  readonly failed: SimulationResult;
  /** Absent: it was not asked for, or found no end. */
  readonly explanation: Explanation | undefined;
}

export interface ManyRuns {
  readonly options: ManyOptions;
  readonly seeds: number;
  readonly steps: number;
  readonly seconds: number;
  readonly seedsByShape: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  /** Seeds that were run twice. */
  readonly repeated: number;
  readonly coverage: Coverage;
  readonly failures: readonly Failure[];
  readonly endedBy: 'all seeds' | 'a failure' | 'time' | 'interruption';
}

/** So many failures are made small; all are listed. */
const explainedMax = 5;

/** Runs the seeds on all threads, some of them twice; then what failed is made small. */
export async function runMany(options: ManyOptions, parts: ManyParts): Promise<ManyRuns> {
  const startedMs = parts.nowMs();
  const seeds = new Seeds(options, () => parts.nowMs() - startedMs);
  const isFailed = new AbortController();
  const runs: Omit<PoolOptions, 'signal'> = { world: parts.world, threads: options.threads, endsWithinMs: parts.endsWithinMs };
  const runAll = (): Promise<void> =>
    workThrough(
      seeds,
      (job, answer) => {
        if (job.kind !== 'run' || answer.kind === 'explain') return;
        if (seeds.take(answer.kind === 'run' ? answer.result : withoutEnd(job.options, parts.endsWithinMs(job)))) parts.onDone();
        if (seeds.tally.failures.length > 0 && !options.keepGoing) isFailed.abort();
      },
      { ...runs, signal: AbortSignal.any([parts.interrupted, isFailed.signal]) },
    );
  await runAll();
  if (seeds.hasMore) await runAll(); // second runs of seeds whose first ones were the last to end
  const seconds = (parts.nowMs() - startedMs) / 1000;
  const { tally } = seeds;
  const explained = options.shrinkRuns === 0 ? [] : tally.failures.filter(canBeExplained).slice(0, explainedMax);
  if (explained.length > 0) parts.onExplain(explained.length);
  const explanations = await explain(explained, options, { ...runs, signal: parts.interrupted });
  const isInterrupted = parts.interrupted.aborted;
  return {
    options,
    seeds: tally.seeds,
    steps: tally.steps,
    seconds,
    seedsByShape: tally.seedsByShape,
    counts: tally.counts,
    repeated: seeds.repeated,
    coverage: coverageOf(parts.tables, tally.coverage),
    failures: tally.failures.map((failed) => ({ failed, explanation: explanations.get(failed) })),
    endedBy: isInterrupted ? 'interruption' : isFailed.signal.aborted ? 'a failure' : tally.seeds < options.seeds ? 'time' : 'all seeds',
  };
}

/** The seeds to run, in order, and again those that are to be run twice, as soon as their first run is known. */
class Seeds implements Iterator<SeedJob> {
  readonly tally = new Tally();
  repeated = 0;
  readonly #options: ManyOptions;
  readonly #elapsedMs: () => number;
  #begun = 0;
  readonly #toRepeat: number[] = [];
  readonly #first = new Map<number, SimulationResult>();

  constructor(options: ManyOptions, elapsedMs: () => number) {
    this.#options = options;
    this.#elapsedMs = elapsedMs;
  }

  get hasMore(): boolean {
    return this.#toRepeat.length > 0;
  }

  next(): IteratorResult<SeedJob> {
    const { seeds, from, minutes, steps, shape } = this.#options;
    const isOver = minutes !== undefined && this.#elapsedMs() >= minutes * 60_000;
    const seed = this.#toRepeat.pop() ?? (this.#begun < seeds && !isOver ? from + this.#begun++ : undefined);
    if (seed === undefined) return { done: true, value: undefined };
    return { value: { kind: 'run', options: { seed, steps, ...(shape && { shape }) } } };
  }

  /** Whether it was a first run. */
  take(result: SimulationResult): boolean {
    const { from, againEvery } = this.#options;
    const before = this.#first.get(result.seed);
    if (before === undefined) {
      this.tally.add(result);
      if (againEvery === 0 || (result.seed - from) % againEvery !== 0 || result.violations.length > 0) return true;
      this.#first.set(result.seed, result);
      this.#toRepeat.push(result.seed);
      return true;
    }
    this.#first.delete(result.seed);
    this.repeated += 1;
    if (before.traceHash === result.traceHash) return false;
    const what = `its trace hash was ${before.traceHash}, then ${result.traceHash}`;
    this.tally.failures.push({ ...before, violations: [{ property: repeatsExactly, what }] });
    return false;
  }
}

async function explain(
  failures: readonly SimulationResult[],
  { shrinkRuns }: ManyOptions,
  pool: PoolOptions,
): Promise<ReadonlyMap<SimulationResult, Explanation>> {
  const explanations = new Map<SimulationResult, Explanation>();
  const jobs = failures.map((failed): SeedJob => ({ kind: 'explain', failed, runsMax: shrinkRuns }));
  await workThrough(
    jobs.values(),
    (job, answer) => {
      if (job.kind === 'explain' && answer.kind === 'explain') explanations.set(job.failed, answer.explanation);
    },
    { ...pool, threads: Math.min(pool.threads, jobs.length) },
  );
  return explanations;
}
