import type { ScheduledFault, SimulationOptions, SimulationResult } from '../run/simulation.ts';
import { eventsThatMatter } from './events-that-matter.ts';
import { shrink } from './shrink.ts';
import { runOf, type SimulatedWorld } from './world.port.ts';

/** What a thread is asked: one run, or to make a failed one small and tell what happened in it. */
export type SeedJob =
  | { readonly kind: 'run'; readonly options: SimulationOptions }
  | { readonly kind: 'explain'; readonly failed: SimulationResult; readonly runsMax: number };

/** Why a run fails, as far as it could be made small. */
export interface Explanation {
  readonly steps: number;
  readonly faults: readonly ScheduledFault[];
  readonly result: SimulationResult;
  readonly runs: number;
  /** `not` when the run fails no more with the faults that it reports as its own. */
  readonly isSmaller: 'as small as can be' | 'within the bound of runs' | 'not';
  readonly events: readonly string[];
}

export type SeedAnswer =
  { readonly kind: 'run'; readonly result: SimulationResult } | { readonly kind: 'explain'; readonly explanation: Explanation };

export async function answerTo(world: Pick<SimulatedWorld, 'simulate'>, job: SeedJob): Promise<SeedAnswer> {
  if (job.kind === 'run') return { kind: 'run', result: await runOf(world, job.options) };
  return { kind: 'explain', explanation: await explained(world, job.failed, job.runsMax) };
}

async function explained(world: Pick<SimulatedWorld, 'simulate'>, failed: SimulationResult, runsMax: number): Promise<Explanation> {
  const shrunk = await shrink(failed, (options) => runOf(world, options), runsMax);
  const { seed, shape } = failed;
  const small = shrunk ?? { steps: failed.steps, faults: failed.faults, runs: 1, isMinimal: false };
  const { trace, ...result } = await runOf(world, {
    seed,
    shape,
    steps: small.steps,
    ...(shrunk === undefined ? {} : { faults: shrunk.faults }),
    keepTrace: true,
  });
  return {
    steps: small.steps,
    faults: small.faults,
    runs: small.runs,
    result,
    isSmaller: shrunk === undefined ? 'not' : shrunk.isMinimal ? 'as small as can be' : 'within the bound of runs',
    events: eventsThatMatter(trace ?? [], result.violations),
  };
}
