import { describe, expect, it, onTestFinished } from 'vitest';
import type { Region, ShardId } from '#contracts';
import { eventually, eventuallyHolds } from '#test-kit';
import type { Answer } from '../command-gateway.port.ts';
import { east, eastern, segmentOf, twoTestRegions, west, western, type TwoTestRegions } from './two-regions.fixture.ts';

const settled = (durability: 'global' | 'regional') => ({ kind: 'settled', durability, result: { outcome: 'accepted' } });

/** As the edge and a client do together: to the owner that is named, and again after doubt, under the same id. */
async function ask(two: TwoTestRegions, shard: ShardId, stream: string, id: string, first: Region): Promise<Answer> {
  let at = first;
  for (let tries = 0; tries < 500; tries++) {
    const answer = await two.regions[at as 'east'].take(shard, stream, id, 2_000);
    if (answer.kind === 'settled') return answer;
    if ('owner' in answer && answer.owner !== undefined) at = answer.owner as Region;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${id} was never decided`);
}

/** Milliseconds in which this process could run: a machine that stalls it says nothing of what is measured. */
function runningClock(): () => number {
  let [ranMs, lastMs] = [0, performance.now()];
  const tick = (): number => {
    const nowMs = performance.now();
    ranMs += Math.min(nowMs - lastMs, 25);
    lastMs = nowMs;
    return ranMs;
  };
  const timer = setInterval(tick, 5);
  onTestFinished(() => clearInterval(timer));
  return tick;
}

/** Clients that ask all the time, until `end`, which resolves with what each was told. */
function streamOfCommands(two: TwoTestRegions, shard: ShardId) {
  const ids: string[] = [];
  const told: Promise<{ answer: Answer; tookMs: number }>[] = [];
  const run = { over: false };
  const ranMs = runningClock();
  const sending = (async () => {
    while (!run.over) {
      const id = `c${ids.length}`;
      const beganAt = ranMs();
      const asked = ask(two, shard, `s${ids.length % 7}`, id, ids.length % 3 === 0 ? west : east);
      ids.push(id);
      told.push(asked.then((answer) => ({ answer, tookMs: ranMs() - beganAt })));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  return {
    more: async (count: number) => {
      const before = ids.length;
      await eventually(() => ids.length >= before + count, { everyMs: 1 });
    },
    end: async () => {
      run.over = true;
      await sending;
      const answers = await Promise.all(told);
      const done = await Promise.all(Array.from({ length: 7 }, (_, i) => two.settledIds(shard, `s${i}`)));
      return { ids, answers, done: done.flat() };
    },
  };
}

describe('a takeover', () => {
  it('opens the shards of a dead region at once, and decides on all that was acknowledged', async () => {
    const two = await twoTestRegions();
    expect(await two.regions.east.take(eastern, 's', 'a')).toMatchObject(settled('global'));
    two.cut();
    two.regions.east.broker.pause();
    const ranMs = runningClock();
    const beganAt = ranMs();
    await two.takeOver(two.regions.west);
    expect(await two.regions.west.take(eastern, 's', 'b')).toMatchObject({ ...settled('regional'), seq: 2 });
    expect(ranMs() - beganAt).toBeLessThan(1_000);
    expect(await two.regions.west.take(eastern, 's', 'a')).toMatchObject({ ...settled('regional'), result: { changed: false } });
    expect(await two.regions.west.take(western, 's', 'c')).toMatchObject(settled('regional'));
    expect(two.regions.west.writers.status.open).toEqual([eastern, western]);
    two.regions.east.broker.resume();
  });

  it('strands what was not receipted: its caller hears that it is unknown and who owns it now, and never that it is done', async () => {
    const two = await twoTestRegions();
    const { east: lost, west: survivor } = two.regions;
    expect(await lost.take(eastern, 's', 'a')).toMatchObject(settled('global'));
    two.cut();
    const waiting = ['b', 'c'].map((id) => lost.take(eastern, 's', id, 10_000));
    await eventually(() => lost.readings.get(eastern)!.cursor.seq === 3, { everyMs: 1 });
    await two.takeOver(survivor);
    expect(await survivor.take(eastern, 's', 'd')).toMatchObject({ ...settled('regional'), seq: 2 });
    two.heal();
    two.tell(east);
    expect(await Promise.all(waiting)).toEqual([
      { kind: 'unknown', owner: west },
      { kind: 'unknown', owner: west },
    ]);
    expect(await lost.take(eastern, 's', 'b')).toEqual({ kind: 'not-owner', owner: west });
    expect(await ask(two, eastern, 's', 'b', east)).toMatchObject({ ...settled('regional'), seq: 3 });
    expect(await two.settledIds(eastern, 's')).toEqual(['a', 'd', 'b']);
  });

  it('also of a region that had read more than it had receipted: what it folded of that is taken back', async () => {
    const two = await twoTestRegions();
    const { east: lost, west: survivor } = two.regions;
    expect(await lost.take(eastern, 's', 'a')).toMatchObject(settled('global'));
    expect(await lost.take(eastern, 't', 'b')).toMatchObject(settled('global'));
    survivor.agentStandsStill = true;
    const waiting = lost.take(eastern, 's', 'c', 10_000);
    await eventually(() => two.eventsOf(east, west) === two.eventsOf(east) && survivor.readings.get(eastern)!.cursor.seq === 3, {
      everyMs: 1,
    });
    two.cut();
    await two.takeOver(survivor);
    expect(await survivor.take(eastern, 's', 'd')).toMatchObject({ ...settled('regional'), seq: 3 });
    await eventuallyHolds(() => expect(survivor.stored.idsOf(eastern, 's')).toEqual(['a', 'd'])); // by another reader than the writer's
    two.heal();
    two.tell(east);
    expect(await waiting).toEqual({ kind: 'unknown', owner: west });
  });
});

describe('handoffs', () => {
  it('to and fro under a stream of commands: each is done once, and answered as global', async () => {
    const two = await twoTestRegions();
    const stream = streamOfCommands(two, eastern);
    for (let round = 0; round < 4; round++)
      for (const to of [two.regions.west, two.regions.east]) {
        await two.handOff(eastern, to);
        await eventually(() => to.writers.status.open.includes(eastern), { everyMs: 1 });
        await stream.more(20);
      }
    const { ids, answers, done } = await stream.end();
    expect(answers.filter(({ answer }) => answer.kind !== 'settled' || answer.durability !== 'global')).toEqual([]);
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(1_000);
    expect(done.toSorted()).toEqual(ids.toSorted());
  });

  it('what comes while there is no owner waits, holds up no neighbour, and is decided when there is one again', async () => {
    const two = await twoTestRegions();
    const { east: owner, west: other } = two.regions;
    const base = await owner.close(eastern);
    const waiting = owner.take(eastern, 's', 'a');
    await other.close(western);
    await two.swap(segmentOf(western, east, 0), { status: 'paired' });
    expect(await owner.take(western, 's', 'b')).toMatchObject(settled('global'));
    expect(owner.writers.status.open).toEqual([western]);
    await two.swap(segmentOf(eastern, east, base), { status: 'paired' });
    expect(await waiting).toMatchObject(settled('global'));
  });

  it('or is told who the owner is, when it is another region', async () => {
    const two = await twoTestRegions();
    const base = await two.regions.east.close(eastern);
    const waiting = two.regions.east.take(eastern, 's', 'a');
    await two.swap(segmentOf(eastern, west, base), { status: 'paired' });
    expect(await waiting).toEqual({ kind: 'not-owner', owner: west });
  });
});

it('takeovers by either, and returns, under a stream of commands: whatever was answered as done is history, once', async () => {
  const two = await twoTestRegions();
  const stream = streamOfCommands(two, eastern);
  const { east: one, west: other } = two.regions;
  for (const [survivor, lost] of [
    [other, one],
    [one, other],
    [other, one],
  ] as const) {
    await stream.more(20);
    two.cut();
    await stream.more(20);
    await two.takeOver(survivor);
    await stream.more(20);
    two.heal();
    two.tell(lost.name);
    for (const shard of [eastern, western]) await two.handOff(shard, survivor, { status: 'rejoining', region: lost.name });
    await two.swap({}, { status: 'paired' });
    await stream.more(20);
    if (lost === one) await two.handOff(eastern, lost);
  }
  const { ids, answers, done } = await stream.end();
  expect(answers.filter(({ answer }) => answer.kind !== 'settled')).toEqual([]);
  expect(done.toSorted()).toEqual(ids.toSorted());
});

it('a lost region that comes back is paired again: answers are global from then on, and it gets its shards back', async () => {
  const two = await twoTestRegions();
  const { east: lost, west: survivor } = two.regions;
  two.cut();
  await two.takeOver(survivor);
  expect(await survivor.take(eastern, 's', 'a')).toMatchObject(settled('regional'));
  two.heal();
  two.tell(east);
  for (const shard of [eastern, western]) await two.handOff(shard, survivor, { status: 'rejoining', region: west });
  expect(await survivor.take(eastern, 's', 'b')).toMatchObject(settled('global'));
  await two.swap({}, { status: 'paired' });
  await two.handOff(eastern, lost);
  expect(await ask(two, eastern, 's', 'c', west)).toMatchObject(settled('global'));
  expect(lost.writers.status.open).toEqual([eastern]);
  expect(await two.settledIds(eastern, 's')).toEqual(['a', 'b', 'c']);
});

it('tells who waits for a change of owners, once, and not of other changes', async () => {
  const two = await twoTestRegions();
  const { east: here } = two.regions;
  const heard: (Region | undefined)[] = [];
  here.writers.onOwnersChanged(() => heard.push(here.writers.ownerOf(eastern)));
  await two.swap(segmentOf(western, west, 0), { status: 'paired' });
  await two.handOff(eastern, two.regions.west);
  await eventually(() => heard.length > 0);
  expect(heard).toEqual([west]);
});
