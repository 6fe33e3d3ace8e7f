import { table } from '../../../apps/operator/src/terminal/table.ts';
import { pairKey, procedureSteps, type CoveragePair, type ImpossiblePair, type ProcedureStep } from '../run/faults.ts';
import type { SimulatedWorld } from './world.port.ts';

const keyOf = ({ fault, step }: CoveragePair): string => pairKey(fault, step);

export interface Coverage {
  /** Times that a fault struck at a step, by `pairKey`. */
  readonly struck: Readonly<Record<string, number>>;
  readonly unreached: readonly CoveragePair[];
  /** Said to be impossible, and seen. */
  readonly refuted: readonly ImpossiblePair[];
}

export function coverageOf(
  { coveragePairs, impossiblePairs }: Pick<SimulatedWorld, 'coveragePairs' | 'impossiblePairs'>,
  struck: ReadonlyMap<string, number>,
): Coverage {
  const isStruck = (pair: CoveragePair): boolean => (struck.get(keyOf(pair)) ?? 0) > 0;
  return {
    struck: Object.fromEntries(struck),
    unreached: coveragePairs.filter((pair) => !isStruck(pair)),
    refuted: impossiblePairs.filter(isStruck),
  };
}

/** A table for each procedure: a row for each fault, a column for each step; `-` for a pair that cannot be; then those, with the reason. */
export function coverageText(
  { faultKinds, coveragePairs, impossiblePairs }: Pick<SimulatedWorld, 'faultKinds' | 'coveragePairs' | 'impossiblePairs'>,
  { struck, unreached, refuted }: Coverage,
): string {
  const named = new Set([...coveragePairs, ...impossiblePairs].map(({ step }) => step));
  const steps = procedureSteps.filter((step) => named.has(step));
  const isPossible = new Set(coveragePairs.map(keyOf));
  const tables = [...Map.groupBy(steps, procedureOf)].map(([procedure, ofProcedure]) => {
    const rows = faultKinds.map((fault) => [
      fault,
      ...ofProcedure.map((step) => (isPossible.has(pairKey(fault, step)) ? String(struck[pairKey(fault, step)] ?? 0) : '-')),
    ]);
    return table([[procedure.toUpperCase(), ...ofProcedure.map((step) => step.slice(procedure.length + 1))], ...rows]);
  });
  return [
    'times that a fault struck while a procedure was at a step',
    ...tables,
    ...reasons(impossiblePairs),
    unreached.length === 0
      ? `each of ${coveragePairs.length} pairs that can be was reached`
      : [`${unreached.length} of ${coveragePairs.length} pairs were NEVER REACHED`, ...byFault(unreached)].join('\n  '),
    ...(refuted.length === 0 ? [] : [['SEEN, though said to be impossible', ...byFault(refuted)].join('\n  ')]),
  ].join('\n\n');
}

const procedureOf = (step: ProcedureStep): string => step.split('.', 1)[0]!;

/** Pairs that share a reason stand together. */
function reasons(impossible: readonly ImpossiblePair[]): readonly string[] {
  if (impossible.length === 0) return [];
  const lines = [...Map.groupBy(impossible, ({ because }) => because)].map(
    ([because, pairs]) => `${byFault(pairs).join('; ')}: ${because}`,
  );
  return [['left out (-):', ...lines].join('\n  ')];
}

const byFault = (pairs: readonly CoveragePair[]): readonly string[] =>
  [...Map.groupBy(pairs, ({ fault }) => fault)].map(([fault, ofFault]) => `${fault} × ${ofFault.map(({ step }) => step).join(', ')}`);
