import { describe, expect, it } from 'vitest';
import { nextStep, type RegionView } from '#regions';
import type { ShardId } from '#contracts';
import {
  east,
  flawsAfterHealing,
  flawsOf,
  idleShards,
  roundsUntil,
  two,
  passive,
  west,
  whereItStands,
  type Shape,
} from './model.checks.ts';
import { ModelWorld } from './model.world.ts';

/** What ADR 0024 is about: mirrors that are dead while everybody lives, and shards that a takeover left out. */
const ofEast: ShardId = 'order.east.0';

function worldAtWork(shape: Shape, stepper = nextStep): ModelWorld {
  const world = new ModelWorld({ ...shape, seed: 1, lies: 0, stepper });
  work(world, 6);
  return world;
}
const work = (world: ModelWorld, rounds: number): void => {
  for (let round = 0; round < rounds; round++) world.calmRound();
};
const until = (world: ModelWorld, holds: () => boolean): void =>
  expect(roundsUntil(world, holds), `it stands at ${whereItStands(world)}`).toBeDefined();
const is = (world: ModelWorld, status: string) => (): boolean => world.lineage.status.status === status;

describe('a region’s own mirror is dead; its agents live, and beat', () => {
  it('the passive one’s: the active one goes on alone, and pairs again when the mirror is mended', () => {
    const world = worldAtWork(passive);
    world.part(west).isDeaf = true;
    until(world, is(world, 'solo'));
    expect(world.lineage.status).toEqual({ status: 'solo', region: east });
    expect(idleShards(world)).toEqual([]);
    work(world, 30);
    expect(world.lineage.status).toEqual({ status: 'solo', region: east });
    expect(flawsAfterHealing(world)).toEqual([]);
  });

  it.each([east, west])('with work in both, %s’s: nothing settles in either, and exactly one goes on with all of it', (deaf) => {
    const world = worldAtWork(two);
    world.part(deaf).isDeaf = true;
    until(world, is(world, 'solo'));
    expect([...idleShards(world), ...flawsOf(world, 'ofOwner')]).toEqual([]);
    expect(flawsAfterHealing(world)).toEqual([]);
  });

  it('a region that comes back with it is not taken back', () => {
    const world = worldAtWork(two);
    world.kill(east);
    until(world, is(world, 'solo'));
    world.start(east);
    world.part(east).isDeaf = true;
    work(world, 30);
    expect(world.lineage.status).toEqual({ status: 'solo', region: west });
    expect(idleShards(world)).toEqual([]);
    expect(flawsAfterHealing(world)).toEqual([]);
  });

  it('dies while the region returns: the owner goes on alone again', () => {
    const world = worldAtWork(two);
    world.kill(east);
    until(world, is(world, 'solo'));
    world.start(east);
    until(world, () =>
      Object.values(world.lineage.shards).some((segments) => segments.at(-1)!.term > 2 && segments.at(-1)!.mode === 'paired'),
    );
    world.part(east).isDeaf = true;
    until(world, is(world, 'solo'));
    expect(idleShards(world)).toEqual([]);
    expect(flawsAfterHealing(world)).toEqual([]);
  });
});

describe('a shard that a takeover left out, after its mirror has cut the receipts of its term', () => {
  /** West claims and cuts, and dies; east, which cannot read the shard, takes over. */
  function leftOut(): { readonly world: ModelWorld; readonly readable: () => void } {
    let isBlind = false;
    const stepper = (view: RegionView) => {
      const seen = view.shards.get(ofEast)!;
      return nextStep(
        isBlind && view.here === east ? { ...view, shards: new Map([...view.shards, [ofEast, { ...seen, log: undefined }]]) } : view,
      );
    };
    const world = worldAtWork(two, stepper);
    isBlind = true;
    world.part(east).isLinked = false;
    const [agent] = world.part(west).agents;
    for (const wanted of ['claim', 'cut']) {
      expect(agent!.think(world.signals(west, true), (reader) => reader.readAll()).step).toBe(wanted);
      for (const effect of agent!.effects.splice(0)) world.perform(west, effect);
    }
    world.kill(west);
    world.part(east).isLinked = true;
    until(world, is(world, 'solo'));
    expect(world.lineage.status).toEqual({ status: 'solo', region: east });
    expect(world.lineage.shards[ofEast]!.at(-1)).toMatchObject({ term: 1, owner: east });
    expect(idleShards(world)).toContain(ofEast);
    return { world, readable: () => (isBlind = false) };
  }

  it('goes on alone when it can be read again', () => {
    const { world, readable } = leftOut();
    readable();
    work(world, 5);
    expect(idleShards(world)).toEqual([]);
    expect(flawsAfterHealing(world)).toEqual([]);
  });

  it('goes on when it can be read again under `paired`', () => {
    const { world, readable } = leftOut();
    world.start(west);
    until(world, is(world, 'paired'));
    expect(idleShards(world)).toContain(ofEast);
    readable();
    until(world, () => world.lineage.shards[ofEast]!.at(-1)!.term > 1);
    until(world, is(world, 'paired'));
    expect([...idleShards(world), ...flawsAfterHealing(world)]).toEqual([]);
  });
});
