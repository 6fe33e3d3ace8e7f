import type { SimulationResult } from '../run/simulation.ts';
import type { Explanation, SeedJob } from './seed-job.ts';
import { workThrough, type PoolOptions } from './seed.pool.ts';
import type { OneOptions } from './simulate-options.ts';
import { canBeExplained, withoutEnd } from './world.port.ts';

export interface OneRun {
  readonly options: OneOptions;
  readonly result: SimulationResult;
  /** Of a run that broke something. */
  readonly explanation: Explanation | undefined;
}

/** Runs one seed, in a thread like any other, and makes it small if it broke something, which takes many runs; undefined when it was interrupted. @throws what the thread died of */
export async function runOne(options: OneOptions, pool: Omit<PoolOptions, 'threads'>, onExplain: () => void): Promise<OneRun | undefined> {
  const { seed, steps, shape, faults, trace, shrinkRuns } = options;
  let result: SimulationResult | undefined;
  let explanation: Explanation | undefined;
  const jobs = function* (): Generator<SeedJob> {
    const run = { seed, steps, ...(shape && { shape }), ...(faults && { faults }), keepTrace: trace };
    yield { kind: 'run', options: run };
    if (result === undefined || shrinkRuns === 0 || !canBeExplained(result)) return;
    onExplain();
    const { trace: _, ...failed } = result;
    yield { kind: 'explain', failed, runsMax: shrinkRuns };
  };
  await workThrough(
    jobs(),
    (job, answer) => {
      if (answer.kind === 'run') result = answer.result;
      else if (answer.kind === 'explain') explanation = answer.explanation;
      else if (job.kind === 'run') result = withoutEnd(job.options, pool.endsWithinMs(job));
    },
    { ...pool, threads: 1 },
  );
  return pool.signal.aborted || result === undefined ? undefined : { options, result, explanation };
}
