import { expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import { lastSegmentOf } from '#regions';
import { destroy, east, flawsAfterHealing, flawsOf, idleShards, roundsUntil, two, west, whereItStands } from './model.checks.ts';
import { ModelWorld } from './model.world.ts';

/** Traces 6 and 7, one step further: a segment whose mirror has not receipted anything of its term yet. */
const ofEast: ShardId = 'order.east.0';

function worldAtWork(): ModelWorld {
  const world = new ModelWorld({ ...two, seed: 1, lies: 0 });
  for (let round = 0; round < 6; round++) world.calmRound();
  return world;
}

const until = (world: ModelWorld, holds: () => boolean): void =>
  expect(roundsUntil(world, holds), `it stands at ${whereItStands(world)}`).toBeDefined();
const isSolo = (world: ModelWorld) => (): boolean => world.lineage.status.status === 'solo';

it('its base holds although the agent that takes it over cuts before it has read up to it', () => {
  const world = worldAtWork();
  // No receipt of the new term is written before that agent's cut, and none counts after it.
  world.mayPerform = (_, effect) =>
    effect.kind !== 'receipts' ||
    effect.record.kind === 'cut' ||
    effect.record.receipts.every(({ shard, term }) => shard !== ofEast || term === 1);
  world.evacuated = [east];
  until(world, () => lastSegmentOf(world.lineage, ofEast)!.owner === west);
  const { base } = lastSegmentOf(world.lineage, ofEast)!;
  expect(base).toBeGreaterThan(0);
  world.evacuated = [];
  destroy(world, west);
  const [hasty] = world.part(east).agents;
  Object.assign(hasty!, { reader: world.reader(east) });
  for (const wanted of ['claim', 'cut']) {
    expect(hasty!.think(world.signals(east, true), (reader) => reader.readEvents(east, 1)).step).toBe(wanted);
    for (const effect of hasty!.effects.splice(0)) world.perform(east, effect);
  }
  world.mayPerform = () => true;
  until(world, isSolo(world));
  expect(lastSegmentOf(world.lineage, ofEast)).toMatchObject({ owner: east, base });
  expect([...idleShards(world), ...flawsOf(world)]).toEqual([]);
});

it('the status is not `paired` while all shards are paired again and none is reached', () => {
  const world = worldAtWork();
  world.kill(east);
  until(world, isSolo(world));
  world.start(east);
  until(world, () => world.shards.every((shard) => lastSegmentOf(world.lineage, shard)!.mode === 'paired'));
  world.mayPerform = (region, effect) => !(region === east && effect.kind === 'receipts');
  for (let round = 0; round < 5; round++) world.calmRound();
  expect(world.lineage.status).toEqual({ status: 'rejoining', region: east });
  world.mayPerform = () => true;
  expect(flawsAfterHealing(world)).toEqual([]);
});
