import { describe, expect, it } from 'vitest';
import type { RegionView, ShardView } from '#regions';
import { seededRandom } from '#test-kit';
import { blind, withShards } from './model.blindness.ts';
import type { Stepper } from './model.agent.ts';
import { afterChaos, afterChaosAndSwap, flawsAfterDestroying, flawsAfterHealing, passive, three, two, type Shape } from './model.checks.ts';

/** More by hand: EVENKEEL_MODEL_RUNS=5000 EVENKEEL_MODEL_SEED=1000. */
const runs = Number(process.env['EVENKEEL_MODEL_RUNS'] ?? 25);
const firstSeed = Number(process.env['EVENKEEL_MODEL_SEED'] ?? 1);
const timeoutMs = 60_000 + runs * 1_000;
const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);

/** What is planted must be found among these, whatever is asked for by hand. */
const seedsOfPlants = Array.from({ length: 200 }, (_, index) => index + 1);

const shapes: [string, Shape][] = [
  ['two regions', two],
  ['one active, one passive', passive],
  ['three regions', three],
];

/** The first seed that fails, with what is wrong; undefined: none does. */
function firstFlaw(check: (seed: number) => readonly string[], among: readonly number[] = seeds): string | undefined {
  for (const seed of among) {
    const flaws = flawsOrFault(check, seed);
    if (flaws.length > 0) return `seed ${seed}: ${flaws.slice(0, 3).join('\n')}`;
  }
  return undefined;
}

function flawsOrFault(check: (seed: number) => readonly string[], seed: number): readonly string[] {
  try {
    return check(seed);
  } catch (error) {
    return [(error as Error).message]; // an assertion of the reading or the register
  }
}

describe('whatever happens, in any order', () => {
  it.each(shapes)(
    '%s: nothing that was shown is lost or changed, and every shard comes home',
    (_, shape) => {
      expect(firstFlaw((seed) => flawsAfterHealing(afterChaos(shape, seed)))).toBeUndefined();
    },
    timeoutMs,
  );

  it.each(shapes)(
    '%s: a region that is destroyed while the pair stands takes nothing with it that was shown',
    (_, shape) => {
      expect(firstFlaw((seed) => afterLoss(shape, seed))).toBeUndefined();
    },
    timeoutMs,
  );
});

/** Where a person would have to decide there is nothing to see here; a claim over the pair is no such place. */
function afterLoss(shape: Shape, seed: number, stepper?: Stepper): readonly string[] {
  const lost = seededRandom(seed).pick(shape.regions);
  const world = seed % 2 === 0 ? afterChaos(shape, seed, stepper) : afterChaosAndSwap(shape, seed, stepper);
  if (world === undefined || !['paired', 'claimed'].includes(world.lineage.status.status)) return [];
  return flawsAfterDestroying(world, lost);
}

/** Not above: that would be a log that has lost its tail. */
const receiptedToItsEnd = ({ log, receiptedSeq }: ShardView): ShardView => ({ log, receiptedSeq: log?.acceptedSeq ?? receiptedSeq });
const statusOf = (view: RegionView): string | undefined => view.stored?.lineage.status.status;

describe('the checks find what they look for', () => {
  it.each<[string, Stepper]>([
    ['a base below what was receipted', blind((view) => withShards(view, ({ log }) => ({ log, receiptedSeq: undefined })))],
    ['no cut', blind((view) => ({ ...view, cuts: new Map(view.topology.regions.map((region) => [region, 1e9])) }))],
    [
      'a takeover that closes nothing of its own',
      blind((view) =>
        withShards(view, ({ log, receiptedSeq }) => ({
          receiptedSeq,
          log: log && { ...log, closedAt: statusOf(view) === 'claimed' ? log.acceptedSeq : log.closedAt },
        })),
      ),
    ],
    [
      'a claim under solo and rejoining',
      blind((view) => {
        if (view.stored === undefined || statusOf(view) === 'claimed') return view;
        return { ...view, stored: { ...view.stored, lineage: { ...view.stored.lineage, status: { status: 'paired' } } } };
      }),
    ],
  ])(
    '%s',
    (_, stepper) => {
      expect(firstFlaw((seed) => flawsAfterHealing(afterChaos(two, seed, stepper)), seedsOfPlants)).toBeDefined();
    },
    timeoutMs,
  );

  it.each<[string, Stepper]>([
    [
      '`paired` before every shard is reached',
      blind((view) => (statusOf(view) === 'rejoining' ? withShards(view, receiptedToItsEnd) : view)),
    ],
    ['a handoff that waits for no receipt', blind((view) => (statusOf(view) === 'paired' ? withShards(view, receiptedToItsEnd) : view))],
  ])(
    '%s',
    (_, stepper) => {
      expect(firstFlaw((seed) => afterLoss(two, seed, stepper), seedsOfPlants)).toBeDefined();
    },
    timeoutMs,
  );
});
