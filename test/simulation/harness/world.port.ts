import type { CoveragePair, FaultKind, ImpossiblePair } from '../run/faults.ts';
import type { SimulationOptions, SimulationResult, Violation } from '../run/simulation.ts';

/** What the harness asks of a world: the shop's (`../run/simulation.ts`), or one that a spec makes up. */
export interface SimulatedWorld {
  /** Deterministic, one at a time in a thread, whose clock and timers are the world's meanwhile; keeps nothing between runs. */
  simulate(options: SimulationOptions): Promise<SimulationResult>;
  readonly faultKinds: readonly FaultKind[];
  readonly coveragePairs: readonly CoveragePair[];
  readonly impossiblePairs: readonly ImpossiblePair[];
}

/** What a run breaks whose world threw; that did not end; whose repetition was another run. The world itself cannot tell. */
export const doesNotThrow = 'a run throws nothing';
export const ends = 'a run ends';
export const repeatsExactly = 'the same seed is the same run';

/** A run whose world throws has broken a property like any other: it is counted and shown, and does not end the runs of other seeds. */
export async function runOf(world: Pick<SimulatedWorld, 'simulate'>, options: SimulationOptions): Promise<SimulationResult> {
  try {
    return await world.simulate(options);
  } catch (error) {
    return withoutAnswer(options, {
      property: doesNotThrow,
      what: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

export const withoutEnd = (options: SimulationOptions, withinMs: number): SimulationResult =>
  withoutAnswer(options, { property: ends, what: `it had no end within ${withinMs / 1000} s` });

/** Not what would take as long again, nor what need not happen twice. */
export const canBeExplained = ({ violations: [first] }: SimulationResult): boolean =>
  first !== undefined && first.property !== ends && first.property !== repeatsExactly;

const withoutAnswer = (options: SimulationOptions, violation: Violation): SimulationResult => ({
  seed: options.seed,
  shape: options.shape ?? 'two',
  steps: options.steps,
  traceHash: 'none',
  violations: [violation],
  faults: options.faults ?? [],
  coverage: new Map(),
  counts: {},
});
