import { describe, expect, it } from 'vitest';
import { region, shardOf, type ShardId } from '#contracts';
import { lastSegmentOf } from '#regions';
import { chaosStep } from './model.chaos.ts';
import { ModelWorld, type WorldOptions } from './model.world.ts';

const [east, west, south] = [region('east'), region('west'), region('south')];
const runs = Number(process.env['EVENKEEL_MODEL_RUNS'] ?? 150);
const firstSeed = Number(process.env['EVENKEEL_MODEL_SEED'] ?? 1);
const stepsOfChaos = 600;
const calmRoundsMax = 120;

type Shape = Pick<WorldOptions, 'regions' | 'homes' | 'partitions'>;
const two: Shape = { regions: [east, west], homes: [east, west], partitions: 2 };
const passive: Shape = { regions: [east, west], homes: [east], partitions: 2 };
const three: Shape = { regions: [east, west, south], homes: [east, west, south], partitions: 1 };

const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);
const liesOf = (seed: number): number => [0, 0.02, 0.1, 0.4][seed % 4]!;

function afterChaos(shape: Shape, seed: number): ModelWorld {
  const world = new ModelWorld({ ...shape, seed, lies: liesOf(seed) });
  for (let step = 0; step < stepsOfChaos; step++) chaosStep(world);
  return world;
}

function heal(world: ModelWorld): void {
  world.evacuated = [];
  for (const [name, part] of world.parts) {
    if (part.isGone) continue;
    part.isLinked = true;
    part.seesEtcd = true;
    if (!part.isUp) world.start(name);
    for (const service of part.services) for (const shard of world.shards) service.doubt(shard);
  }
}

const isHome = (world: ModelWorld): boolean =>
  world.lineage.status.status === 'paired' &&
  world.shards.every((shard) => lastSegmentOf(world.lineage, shard)!.owner === shardOf(shard).home);

/** Undefined: never, within the bound. */
function roundsUntil(world: ModelWorld, holds: () => boolean): number | undefined {
  for (let round = 1; round <= calmRoundsMax; round++) {
    world.calmRound();
    if (holds()) return round;
  }
  return undefined;
}

/** What is wrong with the world at its end, in words; empty: nothing. */
function flawsOf(world: ModelWorld): readonly string[] {
  world.mirrorAll();
  const flaws = [...world.violations];
  for (const [name, part] of world.parts) {
    if (part.isGone) continue;
    const yields = new Map<ShardId, string[]>();
    const late = world.reader(name, undefined, undefined, yields);
    late.readAll();
    late.learn(world.register.stored);
    for (const [shard, history] of world.shown) {
      const shown = [...history.values()].map(({ commit }) => commit);
      const read = yields.get(shard) ?? [];
      if (shown.join() !== read.join()) flaws.push(`${shard}: shown were ${shown.length}, a late reader in ${name} finds ${read.length}`);
    }
  }
  return [...flaws, ...world.violations.slice(flaws.length)];
}

const where = (world: ModelWorld): string =>
  JSON.stringify([world.lineage.status, [...world.parts.values()].map(({ agents }) => agents.map(({ lastStep }) => lastStep?.because))]);

function mustComeHome(world: ModelWorld): void {
  heal(world);
  expect(
    roundsUntil(world, () => isHome(world)),
    where(world),
  ).toBeDefined();
  const before = new Map([...world.shown].map(([shard, { size }]) => [shard, size]));
  for (let round = 0; round < 8; round++) world.calmRound();
  for (const shard of world.shards) expect(world.shown.get(shard)?.size ?? 0, `${shard} goes on`).toBeGreaterThan(before.get(shard) ?? 0);
  expect(flawsOf(world)).toEqual([]);
}

describe('whatever happens, in any order', () => {
  it.each<[string, Shape]>([
    ['two regions', two],
    ['active and passive', passive],
    ['three regions', three],
  ])('%s: nothing that was shown is lost or changed, and every shard comes home', (_, shape) => {
    for (const seed of seeds)
      try {
        mustComeHome(afterChaos(shape, seed));
      } catch (cause) {
        throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
      }
  });
});
