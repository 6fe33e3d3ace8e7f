import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { region } from '#contracts';
import type { ScheduledFault, SimulationOptions, SimulationResult } from '../run/simulation.ts';
import { shrink } from './shrink.ts';

const plenty = 10_000;
const settings = { numRuns: 300, seed: 20261127, endOnFailure: true };

const schedule = fc
  .uniqueArray(fc.nat(1_999), { maxLength: 30 })
  .map((steps) =>
    steps.sort((a, b) => a - b).map((atStep): ScheduledFault => ({ atStep, fault: 'link-cut', region: region('east'), argument: 0 })),
  );

/** Breaks "p" when these faults have all struck, `after` steps later; whatever the faults, breaks "q". */
const world =
  (guilty: readonly ScheduledFault[], after: number) =>
  ({ seed, steps, faults = guilty }: SimulationOptions): SimulationResult => {
    const struck = guilty.every((each) => faults.includes(each) && each.atStep + after < steps);
    const broken = struck ? ['p', 'q'] : ['q'];
    const violations = broken.map((property) => ({ property, what: `of seed ${seed}` }));
    return { seed, shape: 'two', steps, traceHash: `${steps} ${faults.length}`, violations, faults, coverage: new Map(), counts: {} };
  };

async function shrunk(faults: readonly ScheduledFault[], simulate: (options: SimulationOptions) => SimulationResult, runsMax = plenty) {
  const questions: SimulationOptions[] = [];
  const failed = simulate({ seed: 1, steps: 2_100, faults });
  const ask = (options: SimulationOptions): Promise<SimulationResult> => {
    questions.push(options);
    return Promise.resolve(simulate(options));
  };
  return { shrunk: await shrink(failed, ask, runsMax), questions };
}

const faultsAndGuilty = schedule.chain((faults) =>
  fc.tuple(fc.constant(faults), fc.subarray(faults, { maxLength: Math.min(faults.length, 5) }), fc.nat(100)),
);

describe('a failed run', () => {
  it('is shrunk to the faults that broke the property, and to the step at which it broke', async () => {
    const property = fc.asyncProperty(faultsAndGuilty, async ([faults, guilty, after]) => {
      const { shrunk: small } = await shrunk(faults, world(guilty, after));
      const steps = guilty.length === 0 ? 1 : guilty.at(-1)!.atStep + after + 1;
      expect(small).toMatchObject({ faults: guilty, steps, isMinimal: true });
    });
    await fc.assert(property, settings);
  });

  it('is never shrunk into one that breaks another property only, whatever the bound of runs', async () => {
    const property = fc.asyncProperty(faultsAndGuilty, fc.integer({ min: 1, max: 40 }), async ([faults, guilty, after], runsMax) => {
      const { shrunk: small, questions } = await shrunk(faults, world(guilty, after), runsMax);
      expect(small!.result.violations[0]!.property).toBe('p');
      expect(world(guilty, after)({ seed: 1, steps: small!.steps, faults: small!.faults })).toEqual(small!.result);
      expect(questions.length).toBe(small!.runs);
      expect(small!.runs).toBeLessThanOrEqual(runsMax);
    });
    await fc.assert(property, settings);
  });

  it('is shrunk in the same way again', async () => {
    const property = fc.asyncProperty(faultsAndGuilty, async ([faults, guilty, after]) => {
      expect(await shrunk(faults, world(guilty, after))).toEqual(await shrunk(faults, world(guilty, after)));
    });
    await fc.assert(property, settings);
  });

  it('says when the bound came first', async () => {
    const faults = Array.from({ length: 30 }, (_, index): ScheduledFault => ({
      atStep: index,
      fault: 'link-cut',
      region: region('east'),
      argument: index,
    }));
    expect((await shrunk(faults, world([faults[3]!, faults[20]!], 0), 5)).shrunk).toMatchObject({ isMinimal: false, runs: 5 });
  });

  it('whose own faults do not break it again is not shrunk', async () => {
    const failed = world([], 0)({ seed: 1, steps: 10 });
    const passes = (options: SimulationOptions) => Promise.resolve({ ...world([], 0)(options), violations: [] });
    expect(await shrink(failed, passes, plenty)).toBeUndefined();
    await expect(shrink({ ...failed, violations: [] }, passes, plenty)).rejects.toThrow('seed 1 broke nothing');
  });
});
