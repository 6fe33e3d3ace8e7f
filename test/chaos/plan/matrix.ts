import { seededRandom } from '#test-kit';
import { faultKinds, type FaultKind } from './fault-kinds.ts';
import { kindsNamed, planScenario, workloadNames, type Scenario, type ScenarioWish } from './scenario.ts';

export const pairsMany = 20;
/** Of the pairs, so many have at least one fault that takes away more than a part. */
const largeShare = 0.6;

export interface MatrixOptions {
  readonly seed: number;
  readonly regions: readonly [string, string];
}

/** Each fault once, the workloads in turn, then `pairsMany` pairs drawn by the seed, no two alike. */
export function matrixOf({ seed, regions }: MatrixOptions): readonly Scenario[] {
  const wish = (kinds: readonly FaultKind[], index: number): ScenarioWish => ({
    name: kinds.map(({ name }) => name).join('+'),
    seed: seedOf(seed, kinds.map(({ name }) => name).join('+')),
    workload: workloadNames[index % workloadNames.length]!,
    kinds,
    regions,
  });
  const singles = faultKinds.map((kind) => [kind]);
  return [...singles, ...pairsOf(seed)].map((kinds, index) => planScenario(wish(kinds, index)));
}

/** @throws Error that names what there is, when it is neither of the matrix nor made of known faults */
export function scenarioNamed(name: string, options: MatrixOptions): Scenario {
  const found = matrixOf(options).find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const kinds = kindsNamed(name);
  return planScenario({ name, seed: seedOf(options.seed, name), workload: workloadNames[0], kinds, regions: options.regions });
}

type Pair = readonly [FaultKind, FaultKind];

export function pairsOf(seed: number): readonly Pair[] {
  const random = seededRandom(seed);
  const pairable = faultKinds.filter(({ alone }) => alone !== true);
  const large = pairable.filter(({ takes }) => takes !== 'part');
  const pairs = new Map<string, Pair>();
  while (pairs.size < pairsMany) {
    // Most kinds are of single parts: two of those are the lesser half.
    const [first, second] = random.shuffled([random.pick(random.chance(largeShare) ? large : pairable), random.pick(pairable)]) as [
      FaultKind,
      FaultKind,
    ];
    if (!fit(first, second)) continue;
    const name = `${first.name}+${second.name}`;
    if (!pairs.has(`${second.name}+${first.name}`)) pairs.set(name, [first, second]);
  }
  return [...pairs.values()];
}

/** One heal would undo the other's fault, or both regions would be gone: a person's work, which a directed spec shows. */
function fit(first: FaultKind, second: FaultKind): boolean {
  if (first.strikes === second.strikes && first.takes !== 'region') return false;
  if (first.takes === second.takes && first.takes !== 'part') return false;
  const kinds = [first, second];
  const region = kinds.some(({ takes }) => takes === 'region');
  // With a region and the witness gone nobody has a majority until one is back: fine, for both come back by themselves.
  return !(region && kinds.some(({ how }) => how === 'rolling-restart' || how === 'shift-clocks'));
}

/** A scenario's own seed, so that it is the same whatever else is run. FNV-1a over its name. */
export function seedOf(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
