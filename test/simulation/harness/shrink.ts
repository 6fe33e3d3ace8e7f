import type { ScheduledFault, SimulationOptions, SimulationResult } from '../run/simulation.ts';
import { minimalFailing } from './minimal-failing.ts';

export interface Shrunk {
  /** The smallest run found: the same seed and shape, fewer faults, a shorter safety phase. */
  readonly steps: number;
  readonly faults: readonly ScheduledFault[];
  /** What that run answered: it breaks the property that the first one broke first. */
  readonly result: SimulationResult;
  readonly runs: number;
  /** No single fault can be left out, and no shorter phase was found; false: the bound of runs came first. */
  readonly isMinimal: boolean;
}

interface Attempt {
  readonly steps: number;
  readonly faults: readonly ScheduledFault[];
}

/**
 * The failed run made small: by halving over the steps of its safety phase, by ddmin over its faults, and again while it gets shorter.
 * Deterministic, pure but for `simulate`, which is asked at most `runsMax` times. A smaller run counts only if it breaks the property that
 * the failed one broke first, so that one flaw is not shrunk into another. Undefined: with the faults that it reports as its own, the run
 * does not break it, so that its faults do not explain it. @throws RangeError when nothing had failed
 */
export async function shrink(
  failed: SimulationResult,
  simulate: (options: SimulationOptions) => Promise<SimulationResult>,
  runsMax: number,
): Promise<Shrunk | undefined> {
  const property = failed.violations[0]?.property;
  if (property === undefined) throw new RangeError(`seed ${failed.seed} broke nothing`);
  const { seed, shape } = failed;
  const known = new Map<string, SimulationResult | undefined>();
  const failureOf = async ({ steps, faults }: Attempt): Promise<SimulationResult | undefined> => {
    const key = JSON.stringify([steps, faults]);
    if (known.has(key)) return known.get(key);
    const result = await simulate({ seed, shape, steps, faults });
    const failure = result.violations.some((each) => each.property === property) ? result : undefined;
    known.set(key, failure);
    return failure;
  };

  const fails = async (attempt: Attempt): Promise<boolean> => (await failureOf(attempt)) !== undefined;
  const left = (): number => runsMax - known.size;

  const whole: Attempt = { steps: failed.steps, faults: failed.faults };
  if (!(await fails(whole))) return undefined;
  // First the end, whose faults go with it: what comes before stays exactly as it was, and every further run is shorter.
  let { attempt: smallest, isShortest: isMinimal } = await shortest(whole, 1, fails, left());
  while (left() > 0) {
    const { steps } = smallest;
    const few = await minimalFailing(smallest.faults, (faults) => fails({ steps, faults }), left());
    const lastAt = Math.max(0, ...few.items.map(({ atStep }) => atStep));
    const shorter = await shortest({ steps, faults: few.items }, lastAt + 1, fails, left()); // below that a fault would never strike
    isMinimal = few.isMinimal && shorter.isShortest;
    smallest = shorter.attempt;
    if (smallest.steps === steps) break;
  }
  return { ...smallest, result: (await failureOf(smallest))!, runs: known.size, isMinimal: isMinimal && left() > 0 };
}

/** By halving, as if longer phases failed whenever shorter ones do; they need not, so it is a short one that fails, seldom the shortest. */
async function shortest(
  { steps, faults }: Attempt,
  from: number,
  fails: (attempt: Attempt) => Promise<boolean>,
  runsMax: number,
): Promise<{ readonly attempt: Attempt; readonly isShortest: boolean }> {
  const within = (below: number): Attempt =>
    below === steps ? { steps, faults } : { steps: below, faults: faults.filter(({ atStep }) => atStep < below) };
  let low = from;
  let high = steps;
  for (let asked = 0; low < high; asked++) {
    if (asked >= runsMax) return { attempt: within(high), isShortest: false };
    const middle = Math.floor((low + high) / 2);
    if (await fails(within(middle))) high = middle;
    else low = middle + 1;
  }
  return { attempt: within(high), isShortest: true };
}
