import { region, shardOf, type Region, type ShardId } from '#contracts';
import { lastSegmentOf } from '#regions';
import { chaosStep } from './model.chaos.ts';
import { ModelWorld, type WorldOptions } from './model.world.ts';

export const [east, west, south] = [region('east'), region('west'), region('south')];

export type Shape = Pick<WorldOptions, 'regions' | 'homes' | 'partitions'>;
export const two: Shape = { regions: [east, west], homes: [east, west], partitions: 2 };
export const passive: Shape = { regions: [east, west], homes: [east], partitions: 2 };
export const three: Shape = { regions: [east, west, south], homes: [east, west, south], partitions: 1 };

const stepsOfChaos = 600;
/** A round is a second: two returns, one after the other, with their pauses, and a stuck claim. */
const calmRoundsMax = 120;
const roundsOfWork = 8;

export function afterChaos(shape: Shape, seed: number, stepper?: WorldOptions['stepper']): ModelWorld {
  const world = new ModelWorld({ ...shape, seed, lies: [0, 0, 0.01, 0.1][seed % 4]!, ...(stepper && { stepper }) });
  for (let step = 0; step < stepsOfChaos; step++) chaosStep(world);
  return world;
}

/** Chaos that ends in the very step in which a swap has left the pair standing: just paired, or just handed over. */
export function afterChaosAndSwap(shape: Shape, seed: number, stepper?: WorldOptions['stepper']): ModelWorld | undefined {
  const world = afterChaos(shape, seed, stepper);
  for (let step = 0; step < stepsOfChaos; step++) {
    const { revision } = world.register.stored;
    chaosStep(world);
    if (world.register.stored.revision > revision && world.lineage.status.status === 'paired') return world;
  }
  return undefined;
}

export function heal(world: ModelWorld): void {
  world.evacuated = [];
  for (const [name, part] of world.parts) {
    if (part.isGone) continue;
    part.isLinked = true;
    part.isDeaf = false;
    part.seesEtcd = true;
    if (!part.isUp) world.start(name);
    for (const service of part.services) for (const shard of world.shards) service.doubt(shard);
  }
}

/** All its logs and processes, at once and for ever. */
export function destroy(world: ModelWorld, name: Region): void {
  world.kill(name);
  Object.assign(world.part(name), { isGone: true, isLinked: false });
}

export const isHome = (world: ModelWorld): boolean =>
  world.lineage.status.status === 'paired' &&
  world.shards.every((shard) => lastSegmentOf(world.lineage, shard)!.owner === shardOf(shard).home);

/** Rounds until it holds; undefined: it does not, within the bound. */
export function roundsUntil(world: ModelWorld, holds: () => boolean): number | undefined {
  for (let round = 1; round <= calmRoundsMax; round++) {
    world.calmRound();
    if (holds()) return round;
  }
  return undefined;
}

/**
 * What is wrong with what readers saw, in words; empty: nothing. Each region's late reader must find all that was ever shown; with
 * `ofOwner`, only that of the shard's owner: of three regions the third may lack what a destroyed one had not sent it yet.
 */
export function flawsOf(world: ModelWorld, readers: 'everywhere' | 'ofOwner' = 'everywhere'): readonly string[] {
  world.mirrorAll();
  const flaws: string[] = [];
  for (const [name, part] of world.parts) {
    if (part.isGone) continue;
    const yields = new Map<ShardId, string[]>();
    const late = world.reader(name, undefined, undefined, yields);
    late.readAll();
    late.learn(world.register.stored);
    for (const [shard, history] of world.shown) {
      if (readers === 'ofOwner' && lastSegmentOf(world.lineage, shard)!.owner !== name) continue;
      const shown = [...history].sort(([a], [b]) => a - b).map(([, { commit }]) => commit);
      const read = yields.get(shard) ?? [];
      if (shown.join() !== read.join()) flaws.push(`${shard}: shown were ${shown.length}, a late reader in ${name} finds ${read.length}`);
    }
  }
  return [...world.violations, ...flaws];
}

/** Shards that settle nothing new although there is work. */
export function idleShards(world: ModelWorld): readonly ShardId[] {
  const before = new Map(world.shards.map((shard) => [shard, world.shown.get(shard)?.size ?? 0]));
  for (let round = 0; round < roundsOfWork; round++) world.calmRound();
  return world.shards.filter((shard) => (world.shown.get(shard)?.size ?? 0) <= before.get(shard)!);
}

/** For the message of a test that fails. */
export const whereItStands = (world: ModelWorld): string =>
  JSON.stringify({
    status: world.lineage.status,
    agents: [...world.parts].map(([name, { agents }]) => [name, ...agents.map(({ lastStep }) => lastStep?.because)]),
  });

/** Faults over: what is wrong then; empty: everything came home, goes on, and nothing that was shown is lost. */
export function flawsAfterHealing(world: ModelWorld): readonly string[] {
  heal(world);
  if (roundsUntil(world, () => isHome(world)) === undefined) return [`not home: ${whereItStands(world)}`, ...world.violations];
  return [...idleShards(world).map((shard) => `${shard} stands still`), ...flawsOf(world)];
}

/** One region never comes back. The others must hold all that was ever shown, and go on with every shard. */
export function flawsAfterDestroying(world: ModelWorld, lost: Region): readonly string[] {
  destroy(world, lost);
  heal(world);
  const isCarriedOn = (): boolean =>
    ['solo', 'paired'].includes(world.lineage.status.status) &&
    world.shards.every((shard) => lastSegmentOf(world.lineage, shard)!.owner !== lost);
  if (roundsUntil(world, isCarriedOn) === undefined) return [`not carried on: ${whereItStands(world)}`, ...world.violations];
  for (let round = 0; round < roundsOfWork; round++) world.calmRound(); // re-mirroring, of three
  return [
    ...idleShards(world).map((shard) => `${shard} stands still`),
    ...flawsOf(world, world.regions.length > 2 ? 'ofOwner' : 'everywhere'),
  ];
}
