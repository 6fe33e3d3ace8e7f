import { seededRandom, type SeededRandom } from '#test-kit';
import { faultKindNamed, type FaultKind, type How } from './fault-kinds.ts';

export const workloadNames = ['place-and-cancel', 'hot-sku', 'buy-and-return', 'read-your-writes', 'hopping-customer'] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** A fault with all that the seed decides about it. Times count from the beginning of the load. */
export interface PlannedFault {
  readonly kind: string;
  readonly how: How;
  /** A part, a region, or a link `east-west`: faults of one direction strike the bytes from the first to the second. */
  readonly strikes: string;
  readonly beginMs: number;
  readonly healMs: number;
  /** In [0, 1), for whatever else the deed must choose (how long a delay, which way a clock goes). */
  readonly chance: number;
}

/** One run: a load, what is broken meanwhile, and when. Pure data; the same seed gives the same. */
export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly workload: WorkloadName;
  readonly faults: readonly PlannedFault[];
  readonly loadMs: number;
}

export interface ScenarioWish {
  readonly name: string;
  readonly seed: number;
  readonly workload: WorkloadName;
  readonly kinds: readonly FaultKind[];
  /** The two regions. */
  readonly regions: readonly [string, string];
}

const quietBeforeMs = [4_000, 7_000] as const;
const quietAfterMs = 6_000;

/**
 * Draws where and when the faults strike. The first strikes after some quiet; a second one while the first lasts or when it has just been
 * healed, for that is when something is half-done. If one takes a whole region, the other strikes elsewhere.
 */
export function planScenario({ name, seed, workload, kinds, regions }: ScenarioWish): Scenario {
  const random = seededRandom(seed);
  const order = random.shuffled(regions) as [string, string];
  const faults: PlannedFault[] = [];
  for (const [index, kind] of kinds.entries()) {
    const before = faults[0];
    const [region, other] = index === 0 || !needsOtherRegion(kinds) ? order : (order.toReversed() as [string, string]);
    const earliest = before === undefined ? quietBeforeMs[0] : before.beginMs;
    const latest = before === undefined ? quietBeforeMs[1] : before.healMs + afterHealMs;
    const beginMs = between(random, earliest, latest);
    faults.push({
      kind: kind.name,
      how: kind.how,
      strikes: kind.strikes.replaceAll('{region}', region).replaceAll('{other}', other),
      beginMs,
      healMs: beginMs + between(random, ...kind.lastsMs),
      chance: random.next(),
    });
  }
  const loadMs = Math.max(...faults.map(({ healMs }) => healMs), quietBeforeMs[1]) + quietAfterMs;
  return { name, seed, workload, faults, loadMs };
}

/** After its heal a lost part is still coming back. */
const afterHealMs = 8_000;

const needsOtherRegion = (kinds: readonly FaultKind[]): boolean => kinds.some(({ takes }) => takes === 'region');

const between = (random: SeededRandom, from: number, to: number): number => Math.round(from + random.next() * (to - from));

/** The same scenario for a name that the matrix does not have: `kill-kafka`, or two kinds joined by `+`. @throws Error naming the kinds there are */
export const kindsNamed = (name: string): readonly FaultKind[] => name.split('+').map(faultKindNamed);
