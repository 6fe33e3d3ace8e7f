import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Lineage, ShardId } from '#contracts';
import { eventually, eventuallyHolds } from '#test-kit';
import { commit, east, fence, TwoRegions, west } from './testing/two-regions.fixture.ts';

const [ofEast, ofWest]: [ShardId, ShardId] = ['order.east.0', 'order.west.1'];
const within = { withinMs: 15_000, everyMs: 10 };
const home = { east: [east], west: [west] };

let regions: TwoRegions;
beforeEach(async () => {
  regions = new TwoRegions();
  await Promise.all([regions.start(east), regions.start(west)]);
  await eventually(() => isServing(east) && isServing(west), within);
  regions.write(
    east,
    ofEast,
    fence(ofEast, { term: 1, base: 0 }),
    commit(ofEast, { term: 1, seq: 1 }),
    commit(ofEast, { term: 1, seq: 2 }),
  );
  await receipted(west, ofEast, 2);
});
afterEach(() => regions.close());

const receipted = (by: typeof east, shard: ShardId, seq: number): Promise<boolean> =>
  eventually(() => regions.agentsOf(by).some((agent) => agent.status().shards[shard]?.seq === seq), within);
const status = (wanted: Lineage['status']): Promise<void> =>
  eventuallyHolds(async () => expect((await regions.lineage()).status).toEqual(wanted), within);
const isServing = (name: typeof east): boolean => regions.agentsOf(name).every((agent) => agent.serving().serving);
const lastSegments = async () => Object.values((await regions.lineage()).shards).map((segments) => segments.at(-1)!);

it('a region that is lost is taken over, comes back by itself, and gets its work back', { timeout: 60_000 }, async () => {
  await regions.stop(east);
  await status({ status: 'solo', region: west });
  expect((await regions.lineage()).shards[ofEast]!.at(-1)).toMatchObject({ owner: west, base: 2, mode: 'solo' });
  await eventually(() => isServing(west), within);

  await regions.start(east);
  await eventuallyHolds(
    () => expect(regions.agentsOf(east).map((agent) => agent.serving())).toMatchObject([{ serving: false }, { serving: false }]),
    within,
  );
  await status({ status: 'paired' });
  await eventuallyHolds(async () => expect(await regions.owners()).toEqual(home), within);
  expect((await lastSegments()).every(({ mode }) => mode === 'paired')).toBe(true);
  await eventually(() => isServing(east) && isServing(west), within);
  const steps = regions.events
    .filter(({ event }) => event.startsWith('step-'))
    .map(({ event, details }) => `${details?.['procedure'] as string}: ${event}`);
  expect([...new Set(steps)]).toEqual([
    'takeover: step-claim',
    'takeover: step-cut',
    'takeover: step-close',
    'takeover: step-swap',
    'return: step-swap',
    'return: step-close',
    'handoff: step-close',
    'handoff: step-swap',
  ]);
});

it('a region that is to be empty drains, hands over, and gets its work back when it may', { timeout: 60_000 }, async () => {
  const { wishesRevision } = await regions.registry.read();
  await regions.registry.changeWishes(wishesRevision, { evacuated: [east] });
  await eventuallyHolds(() => expect(regions.agentsOf(east)[0]!.serving()).toMatchObject({ serving: false, draining: true }), within);
  await eventuallyHolds(async () => expect(await regions.owners()).toEqual({ east: [west], west: [west] }), within);
  expect((await regions.lineage()).shards[ofEast]!.at(-1)).toMatchObject({ base: 2, mode: 'paired', mirror: east });
  expect((await regions.lineage()).status).toEqual({ status: 'paired' });

  await regions.registry.changeWishes((await regions.registry.read()).wishesRevision, { evacuated: [] });
  await eventuallyHolds(async () => expect(await regions.owners()).toEqual(home), within);
  await eventually(() => isServing(east), within);
});

it('of two regions whose link is cut exactly one goes on, and the other returns when it is healed', { timeout: 60_000 }, async () => {
  regions.write(west, ofWest, fence(ofWest, { term: 1, base: 0 }), commit(ofWest, { term: 1, seq: 1 }));
  await receipted(east, ofWest, 1);
  regions.cutLink();
  regions.write(east, ofEast, commit(ofEast, { term: 1, seq: 3 }));
  regions.write(west, ofWest, commit(ofWest, { term: 1, seq: 2 }));
  const survivor = await eventually(async () => {
    const { status: now } = await regions.lineage();
    return now.status === 'solo' && now.region;
  }, within);
  const loser = survivor === east ? west : east;
  await eventually(() => isServing(survivor) && !isServing(loser), within);
  const { shards } = await regions.lineage();
  const bases = { [ofEast]: shards[ofEast]!.at(-1)!.base, [ofWest]: shards[ofWest]!.at(-1)!.base };
  // The survivor keeps its own unreceipted commit; the loser's was never answered, and is stranded.
  expect(bases).toEqual(survivor === east ? { [ofEast]: 3, [ofWest]: 1 } : { [ofEast]: 2, [ofWest]: 2 });

  regions.healLink();
  await status({ status: 'paired' });
  await eventuallyHolds(async () => expect(await regions.owners()).toEqual(home), within);
  expect(regions.agentsOf(loser).flatMap((agent) => Object.keys(agent.status().stoppedShards))).toEqual([]);
});
