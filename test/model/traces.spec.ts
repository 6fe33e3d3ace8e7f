import { describe, expect, it } from 'vitest';
import type { Region, Segment, ShardId } from '#contracts';
import { lastSegmentOf, mayDropMirror, ReceiptsFold } from '#regions';
import type { ModelAgent } from './model.agent.ts';
import { destroy, east, flawsAfterHealing, flawsOf, idleShards, isHome, roundsUntil, west, whereItStands } from './model.checks.ts';
import { ModelWorld } from './model.world.ts';

/**
 * The traces that broke earlier drafts of the protocol, by number: the procedures' part of each, in the model. The readers' part stands in
 * `libs/shard-log/src/core/traces.spec.ts`; there alone are 3, 4, 16 and 21, which no procedure takes part in.
 */
const ofEast: ShardId = 'order.east.0';
const ofWest: ShardId = 'order.west.0';

function worldAtWork(rounds = 6): ModelWorld {
  const world = new ModelWorld({ regions: [east, west], homes: [east, west], partitions: 1, seed: 1, lies: 0 });
  for (let round = 0; round < rounds; round++) world.calmRound();
  return world;
}

const last = (world: ModelWorld, shard: ShardId): Segment => lastSegmentOf(world.lineage, shard)!;
const shownOf = (world: ModelWorld, shard: ShardId): number => world.shown.get(shard)?.size ?? 0;
const agentsOf = (world: ModelWorld, region: Region): readonly [ModelAgent, ModelAgent] => {
  const [first, second] = world.part(region).agents;
  return [first!, second!];
};
const think = (world: ModelWorld, agent: ModelAgent): string =>
  agent.think(world.signals(agent.region, true), (reader) => reader.readAll()).step;
/** Performs what the agent has decided, to the end. */
function act(world: ModelWorld, agent: ModelAgent): void {
  for (let effect = agent.effects.shift(); effect !== undefined; effect = agent.effects.shift()) world.perform(agent.region, effect);
}
const until = (world: ModelWorld, holds: () => boolean): void =>
  expect(roundsUntil(world, holds), `it stands at ${whereItStands(world)}`).toBeDefined();
const isSolo = (world: ModelWorld) => (): boolean => world.lineage.status.status === 'solo';
const withoutSwaps = (world: ModelWorld): void => {
  world.mayPerform = (_, effect) => effect.kind !== 'swap';
};
const withAll = (world: ModelWorld): void => {
  world.mayPerform = () => true;
};

describe('traces 1 and 2: what was never mirrored', () => {
  it.each([1, 2, 3])('%i commits are stranded by a takeover, and a late reader in their own region ends like everyone', (count) => {
    const world = worldAtWork(0);
    world.part(east).isLinked = false;
    withoutSwaps(world);
    const written = (): number =>
      world.part(east).cluster.ownEvents.filter(({ kind, shard }) => kind === 'commit' && shard === ofEast).length;
    until(world, () => written() >= count);
    for (const service of world.part(east).services) service.doubt(ofEast); // restarts, and fences again
    world.calmRound();
    expect(shownOf(world, ofEast)).toBe(0);
    withAll(world);
    world.kill(east);
    until(world, isSolo(world));
    expect(last(world, ofEast)).toMatchObject({ owner: west, base: 0 });
    expect(flawsAfterHealing(world)).toEqual([]);
  });
});

it('trace 5: a lagging agent claims, repeats lower receipts and cuts; the base is the highest receipt before the cut', () => {
  const world = worldAtWork();
  const settled = shownOf(world, ofEast);
  world.kill(east);
  const lagging = agentsOf(world, west)[0];
  Object.assign(lagging, { reader: world.reader(west) });
  const blind = (): string => lagging.think(world.signals(west, true), (reader) => reader.readEvents(east, 3)).step;
  expect(blind()).toBe('claim');
  act(world, lagging);
  expect(blind()).toBe('cut');
  act(world, lagging);
  until(world, isSolo(world));
  expect(last(world, ofEast).base).toBeGreaterThanOrEqual(settled);
  expect(flawsAfterHealing(world)).toEqual([]);
});

it('traces 6 and 15: a shard was just handed over, no receipt of the new term is there; its owner dies before it opens it', () => {
  const world = worldAtWork();
  world.evacuated = [east];
  until(world, () => last(world, ofEast).owner === west);
  const { base } = last(world, ofEast);
  expect(agentsOf(world, east)[0].reader.folds.get(east)!.highest(ofEast, last(world, ofEast))).toBeUndefined();
  world.evacuated = [];
  destroy(world, west);
  until(world, isSolo(world));
  expect(last(world, ofEast)).toMatchObject({ owner: east, base });
  expect([...idleShards(world), ...flawsOf(world)]).toEqual([]);
});

it('trace 7: with one shard of two paired again, the status is not `paired`', () => {
  const world = worldAtWork();
  world.kill(east);
  until(world, isSolo(world));
  world.start(east);
  world.mayPerform = (_, effect) => !(effect.kind === 'events' && effect.record.shard === ofWest); // its close never lands
  until(world, () => last(world, ofEast).mode === 'paired');
  for (let round = 0; round < 20; round++) world.calmRound();
  expect(world.lineage.status).toEqual({ status: 'rejoining', region: east });
  expect(last(world, ofWest).mode).toBe('solo');
  withAll(world);
  expect(flawsAfterHealing(world)).toEqual([]);
});

describe('traces 8, 10 and 17: what a fold of receipts makes of them', () => {
  const segment = (term: number, base: number): Segment => ({ term, owner: east, base, mode: 'paired', mirror: west });
  const receipt = (term: number, seq: number) => ({ kind: 'receipts', receipts: [{ shard: ofEast, term, seq }] }) as const;
  const cut = (term: number) => ({ kind: 'cut', term }) as const;
  const folded = (...records: readonly Parameters<ReceiptsFold['take']>[0][]): ReceiptsFold => {
    const fold = new ReceiptsFold(west);
    for (const record of records) fold.take(record);
    return fold;
  };

  it('8: an old receipt does not reach a new segment’s base, nor does another region’s', () => {
    expect(folded(receipt(1, 9)).highest(ofEast, segment(3, 1))).toBeUndefined();
    expect(folded(receipt(3, 9)).highest(ofEast, { ...segment(3, 1), mirror: east })).toBeUndefined();
  });

  it('10: after a cut of a later term a zombie’s receipt counts for nothing, also when the cut is the first record', () => {
    expect(folded(receipt(1, 4), cut(2), receipt(1, 9)).highest(ofEast, segment(1, 0))).toBe(4);
    expect(folded(cut(2), receipt(1, 9)).highest(ofEast, segment(1, 0))).toBeUndefined();
    expect(folded(cut(2), cut(5), receipt(2, 9)).highest(ofEast, segment(2, 0))).toBeUndefined();
  });

  it('17: everything comes again, in order, and nothing changes', () => {
    const log = [receipt(1, 4), receipt(1, 3), cut(2), receipt(1, 9), receipt(2, 6)];
    const fold = folded(...log, ...log);
    expect([fold.highest(ofEast, segment(1, 0)), fold.highest(ofEast, segment(2, 4)), fold.cut]).toEqual([4, 6, 2]);
  });
});

it('trace 9: a mirror is the second copy, so it is dropped only while the other goes on alone', () => {
  const world = worldAtWork();
  expect(mayDropMirror(world.lineage, west, east).allowed).toBe(false);
  world.kill(east);
  until(world, isSolo(world));
  expect(mayDropMirror(world.lineage, west, east).allowed).toBe(false);
  expect(mayDropMirror(world.lineage, east, west).allowed).toBe(true);
  world.start(east);
  until(world, () => world.lineage.status.status === 'rejoining');
  expect(mayDropMirror(world.lineage, east, west).allowed).toBe(false);
});

it('trace 11: a handoff’s close lands and the agent dies; the next one goes on from the close', () => {
  const world = worldAtWork();
  world.evacuated = [east];
  world.mayPerform = (_, effect) => effect.kind !== 'swap';
  until(world, () => world.part(east).cluster.ownEvents.some(({ kind }) => kind === 'close'));
  world.startProcesses(east);
  withAll(world);
  until(world, () => last(world, ofEast).owner === west);
  expect(flawsAfterHealing(world)).toEqual([]);
});

describe('trace 12: a late zombie’s close', () => {
  const closeNow = (world: ModelWorld, region: Region, shard: ShardId): void =>
    world.perform(region, { kind: 'events', record: { kind: 'close', shard, term: last(world, shard).term } });

  it('under `paired`: the shard goes on with its owner', () => {
    const world = worldAtWork();
    closeNow(world, east, ofEast);
    until(world, () => last(world, ofEast).term > 1);
    expect(last(world, ofEast)).toMatchObject({ owner: east, mode: 'paired' });
    expect([...idleShards(world), ...flawsAfterHealing(world)]).toEqual([]);
  });

  it('under `solo`: solo, and under `rejoining`: paired', () => {
    const world = worldAtWork();
    world.kill(east);
    until(world, isSolo(world));
    const { term } = last(world, ofWest);
    closeNow(world, west, ofWest);
    until(world, () => last(world, ofWest).term > term);
    expect(last(world, ofWest)).toMatchObject({ owner: west, mode: 'solo' });
    world.start(east);
    world.mayPerform = (_, effect) => effect.kind !== 'events'; // nobody closes anything by the procedure
    until(world, () => world.lineage.status.status === 'rejoining');
    closeNow(world, west, ofWest);
    until(world, () => last(world, ofWest).mode === 'paired');
    withAll(world);
    expect(flawsAfterHealing(world)).toEqual([]);
  });
});

it('trace 13: two agents adopt one half-done claim and both swap; the second swap fails', () => {
  const world = worldAtWork();
  world.kill(east);
  const [first, second] = agentsOf(world, west);
  for (const step of ['claim', 'cut', 'close']) {
    expect(think(world, first)).toBe(step);
    act(world, first);
  }
  expect([think(world, first), think(world, second)]).toEqual(['swap', 'swap']);
  act(world, second);
  const { revision, lineage } = world.register.stored;
  act(world, first);
  expect(world.register.stored).toEqual({ revision, lineage });
  expect(flawsAfterHealing(world)).toEqual([]);
});

it('traces 14 and 20: no cut before its own claim is read back, and a lost answer is read back, not assumed', () => {
  const world = worldAtWork();
  world.kill(east);
  const [agent] = agentsOf(world, west);
  expect(think(world, agent)).toBe('claim');
  const [lost] = agent.effects.splice(0);
  expect(think(world, agent)).toBe('claim'); // the request was lost: asked again
  agent.effects.length = 0;
  world.perform(west, lost!); // it happened after all, and no answer came
  expect(think(world, agent)).toBe('cut');
  act(world, agent);
  expect(think(world, agent)).toBe('close');
  act(world, agent);
  expect(think(world, agent)).toBe('swap');
  act(world, agent); // stored, and the answer is lost
  expect(world.lineage.status).toEqual({ status: 'solo', region: west });
  expect(think(world, agent)).toBe('rest');
  expect(flawsAfterHealing(world)).toEqual([]);
});

it('trace 18: both claim at once; the loser’s closed shards re-open under the winner’s lineage', () => {
  const world = worldAtWork();
  world.part(east).isLinked = false;
  const [ofTheEast] = agentsOf(world, east);
  const [ofTheWest] = agentsOf(world, west);
  const signals = (region: Region) => {
    const told = world.signals(region, true);
    return { ...told, peers: new Map([...told.peers].map(([name, peer]) => [name, { ...peer, oldestUnsettledMs: 20_000 }] as const)) };
  };
  const step = (agent: ModelAgent): string => agent.think(signals(agent.region), (reader) => reader.readAll()).step;
  expect([step(ofTheEast), step(ofTheWest)]).toEqual(['claim', 'claim']);
  act(world, ofTheEast);
  act(world, ofTheWest); // fails: east won
  expect(world.lineage.status).toMatchObject({ region: east });
  expect(step(ofTheEast)).toBe('cut');
  act(world, ofTheEast);
  expect(step(ofTheEast)).toBe('close');
  act(world, ofTheEast);
  world.kill(east); // having closed its own
  until(world, isSolo(world));
  expect(last(world, ofEast).owner).toBe(west);
  expect([...idleShards(world), ...flawsAfterHealing(world)]).toEqual([]);
  expect(isHome(world)).toBe(true);
});

describe('trace 19: an owner whose log has lost its tail closes nothing and hands nothing over', () => {
  /** All that was settled is receipted; east begins anew from what is left, and its writers write nothing, as they should. */
  function withoutTail(commits: number): { readonly world: ModelWorld; readonly receipted: number } {
    const world = worldAtWork();
    world.mirrorAll();
    const { cluster } = world.part(east);
    const receipted = shownOf(world, ofEast);
    const from = cluster.ownEvents.findIndex((record) => record.kind === 'commit' && record.seq === receipted - commits + 1);
    cluster.ownEvents.splice(from);
    world.startProcesses(east);
    for (const service of world.part(east).services) service.write = () => undefined;
    return { world, receipted };
  }

  it.each([1, 3])('%i commits: an evacuation leaves it where it is, and says so', (commits) => {
    const { world, receipted } = withoutTail(commits);
    world.evacuated = [east];
    const [agent] = agentsOf(world, east);
    expect(think(world, agent)).toBe('rest');
    expect(agent.reader.readings.get(ofEast)!.stopped).toBeUndefined(); // no reader sees a gap
    expect(agent.lastStep?.because).toContain(`${ofEast} ends at ${receipted - commits}, below its receipts at ${receipted}`);
  });

  it('a close that stands there already is no base, and its mirror takes over what was answered', () => {
    const { world, receipted } = withoutTail(3);
    world.evacuated = [east];
    world.perform(east, { kind: 'events', record: { kind: 'close', shard: ofEast, term: 1 } });
    const [agent] = agentsOf(world, east);
    expect(think(world, agent)).toBe('rest');
    expect(last(world, ofEast)).toMatchObject({ term: 1, owner: east });
    destroy(world, east);
    until(world, isSolo(world));
    expect(last(world, ofEast).owner).toBe(west);
    expect(last(world, ofEast).base).toBeGreaterThanOrEqual(receipted);
    expect([...idleShards(world), ...flawsOf(world)]).toEqual([]);
  });

  it('a takeover by it leaves that shard out', () => {
    const { world } = withoutTail(3);
    destroy(world, west);
    until(world, isSolo(world));
    expect([last(world, ofEast), last(world, ofWest)]).toMatchObject([{ term: 1 }, { owner: east, mode: 'solo' }]);
  });
});
