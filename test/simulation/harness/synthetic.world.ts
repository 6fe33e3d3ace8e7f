import { createHash } from 'node:crypto';
import type { Region } from '#contracts';
import { pairKey, type CoveragePair, type FaultKind, type ProcedureStep, type ScheduledFault } from '../run/faults.ts';
import type { SimulationOptions, SimulationResult } from '../run/simulation.ts';

/**
 * A world of no content for the harness's own tests. It draws faults from its seed; some seeds break "nothing breaks" when a crash and, at
 * a later step, a cut have struck; one throws, one has no end, one gives another hash each time.
 */
export const breaks = (seed: number): boolean => seed % 50 === 7;
export const seedThat = { throws: 13_000, hasNoEnd: 14_000, doesNotRepeat: 15_000 } as const;

const steps: readonly ProcedureStep[] = ['takeover.claimed', 'takeover.cut', 'return.closed'];
const [east, west] = ['east' as Region, 'west' as Region]; // without their lib, which a thread would load for nothing else

export const faultKinds: readonly FaultKind[] = ['process-crash', 'link-cut', 'process-pause', 'mirror-lag'];
export const impossiblePairs = [{ fault: 'mirror-lag', step: 'takeover.claimed', because: 'a claim reads no mirror' }] as const;
export const coveragePairs: readonly CoveragePair[] = faultKinds
  .flatMap((fault) => steps.map((step) => ({ fault, step })))
  .filter(({ fault, step }) => fault !== impossiblePairs[0].fault || step !== impossiblePairs[0].step);

/** The numberth whole number below a bound that a seed gives. */
const chance = (seed: number, number: number, below: number): number =>
  createHash('sha256').update(`${seed} ${number}`).digest().readUInt32BE() % below;

function drawn(seed: number, length: number): readonly ScheduledFault[] {
  const faults = Array.from({ length: 12 }, (_, number) => ({
    atStep: chance(seed, 4 * number, length),
    fault: faultKinds[chance(seed, 4 * number + 1, faultKinds.length)]!,
    region: chance(seed, 4 * number + 2, 2) === 0 ? east : west,
    argument: chance(seed, 4 * number + 3, 10),
  }));
  const certain: readonly ScheduledFault[] = [
    { atStep: 1, fault: 'process-crash', region: east, argument: 0 },
    { atStep: Math.floor(length / 2), fault: 'link-cut', region: west, argument: 0 },
  ];
  return [...faults, ...certain].sort((a, b) => a.atStep - b.atStep);
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, steps: length, shape = 'two', faults = drawn(seed, length) } = options;
  if (seed === seedThat.throws) throw new Error(`seed ${seed} throws`);
  if (seed === seedThat.hasNoEnd) for (;;) await Promise.resolve();
  const trace: string[] = [];
  const coverage = new Map<string, number>();
  let isBroken = false;
  for (let step = 0; step < length; step++) {
    trace.push(`${step} append to order.east.${chance(seed, step, 12)}`);
    for (const { fault, argument } of faults.filter(({ atStep }) => atStep === step)) {
      const at = steps[argument % steps.length]!;
      const key = pairKey(fault, at);
      if (coveragePairs.some((pair) => pair.fault === fault && pair.step === at)) coverage.set(key, (coverage.get(key) ?? 0) + 1);
      trace.push(`${step} ${fault} at ${at}, order.east.1`);
      const hasCrashed = faults.some((each) => each.fault === 'process-crash' && each.atStep < step);
      if (isBroken || fault !== 'link-cut' || !hasCrashed || !breaks(seed)) continue;
      isBroken = true;
      trace.push(`${step} VIOLATION nothing breaks`);
    }
  }
  if (seed === seedThat.doesNotRepeat) trace.push(`at ${process.hrtime.bigint()}`);
  const result: SimulationResult = {
    seed,
    shape,
    steps: length,
    traceHash: createHash('sha256').update(trace.join('\n')).digest('hex').slice(0, 16),
    violations: isBroken ? [{ property: 'nothing breaks', what: 'order.east.1 is broken' }] : [],
    faults,
    coverage,
    counts: { appends: length, seedMax: seed },
  };
  return options.keepTrace === true ? { ...result, trace } : result;
}
