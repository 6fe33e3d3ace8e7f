import { describe, expect, it } from 'vitest';
import { eventsTopic, region, topicIn, type ShardId } from '#contracts';
import { lastSegmentOf } from '#regions';
import { simulate, type FaultKind, type ScheduledFault } from './run/simulation.ts';
import { shardRecordOf } from './world/kafka.ts';
import { calmPace, safetyPace } from './world/settings.ts';
import { World } from './world/world.ts';

/**
 * The traces that broke earlier drafts, as schedules of the joined world, by number. Where the others are:
 * | trace | where |
 * |---|---|
 * | 3, 4, 10, 16 | readers alone: `libs/shard-log/src/core/traces.spec.ts` |
 * | 5, 6, 7, 8, 9, 13, 15, 18 | one step of one agent against another: `test/model/traces.spec.ts` |
 * | 1, 2, 11, 12, 14, 17, 19, 20, 21 | here, with writers, shop and clients; their procedures' part in `test/model/traces.spec.ts` too |
 * By random seeds too: 1, 2 (`stranded ok`), 4 and 17 (`mirror-rewind`, zombies), 11 (`process-crash × evacuation.closed`), 14 and 20 (`swap-…`).
 */
const [east, west] = [region('east'), region('west')];
const ofEast: ShardId = 'order.east.0';
const at = (atStep: number, fault: FaultKind, argument: number, where = east): ScheduledFault => ({
  atStep,
  fault,
  region: where,
  argument,
});
const directed = (seed: number, faults: readonly ScheduledFault[], steps = 700) =>
  simulate({ seed, steps, shape: 'two', faults, keepTrace: true });
const firstStepOf = (trace: readonly string[], what: string): number => Number(trace.find((line) => line.includes(what))!.split(' ')[0]);

describe('directed schedules', () => {
  it('traces 1 and 2: what was never mirrored is stranded by a takeover; what clients asked for is done all the same, once', async () => {
    const { violations, counts } = await directed(14, [at(100, 'link-cut', 170), at(165, 'region-loss', 120)]);
    expect(violations).toEqual([]);
    expect(counts['stranded ok']).toBeGreaterThan(0);
  }, 120_000);

  it('trace 11: a handoff’s close lands and the agent dies; the next one goes on from the close', async () => {
    const wish = at(100, 'wish-evacuate', 140);
    const { trace } = await directed(5, [wish]);
    const closed = firstStepOf(trace!, 'close 1');
    const crash = at(closed, 'process-crash', 4);
    const { violations, faults, counts } = await directed(5, [wish, crash]);
    expect(violations).toEqual([]);
    expect(faults).toEqual([wish, crash]);
    expect(counts['evacuation swap']).toBeGreaterThan(0);
  }, 120_000);

  it.each<FaultKind>(['swap-answer-lost', 'swap-late'])(
    'traces 14 and 20: %s, at every swap of a takeover and a return',
    async (fault) => {
      const { violations, counts } = await directed(2, [
        at(100, fault, 59),
        at(101, 'region-loss', 100),
        at(165, fault, 59),
        at(230, fault, 59),
        at(300, fault, 59),
      ]);
      expect(violations).toEqual([]);
      expect(counts['takeover swap']).toBeGreaterThan(0);
      expect(counts['return swap']).toBeGreaterThan(0);
    },
    120_000,
  );

  it('trace 17: the mirror rewinds, again and again; everything comes again, and changes nothing', async () => {
    const rewinds = Array.from({ length: 40 }, (_, index) =>
      at(100 + index * 12, 'mirror-rewind', 59 + index, index % 2 === 0 ? east : west),
    );
    const { violations, counts } = await directed(4, [...rewinds, at(300, 'region-loss', 80)]);
    expect(violations).toEqual([]);
    expect(counts['fault mirror-rewind']).toBeGreaterThan(20);
  }, 120_000);
});

async function inWorld(seed: number, run: (world: World) => Promise<void>): Promise<World> {
  const world = new World({ seed, shape: 'two', keepTrace: true });
  const giveBack = world.install();
  try {
    const stocked = world.stock();
    for (let step = 0; step < 150; step++) await world.step({ ...safetyPace, asks: 0.3 });
    await stocked;
    world.clients.isOpen = false;
    for (let step = 0; step < 40; step++) await world.step(calmPace);
    await run(world);
  } finally {
    giveBack();
  }
  return world;
}

const goOn = async (world: World, steps: number): Promise<void> => {
  for (let step = 0; step < steps; step++) await world.step(calmPace);
};

/** East's log of its orders is cut off before the commit of this seq; its tables and its memory are gone with it. */
function loseTail(world: World, seq: number): void {
  const parts = world.part(east);
  const topic = eventsTopic('order');
  const from = parts.kafka.log(topic, 0).findIndex((record) => {
    const event = shardRecordOf(record);
    return event.shard === ofEast && event.kind === 'commit' && event.seq === seq;
  });
  expect(from).toBeGreaterThan(0);
  world.hasLostData = true;
  parts.lose(world.timers.nowMs);
  parts.kafka.loseTail(topic, 0, from);
  parts.postgres.wipe();
  world.forgetCheckpoint(east);
  parts.comeBack();
}

const commitsIn = (world: World): number =>
  world
    .part(east)
    .kafka.log(eventsTopic('order'), 0)
    .filter((record) => {
      const event = shardRecordOf(record);
      return event.shard === ofEast && event.kind === 'commit';
    }).length;

describe('an owner whose log has lost its tail', () => {
  it('trace 19: stands still, loudly, and writes nothing more; its mirror takes over all that was answered', async () => {
    const world = await inWorld(11, async (now) => {
      const settled = now.shown.seqOf(ofEast);
      expect(settled).toBeGreaterThan(3);
      loseTail(now, settled - 1);
      const left = commitsIn(now);
      now.clients.isOpen = true;
      for (let step = 0; step < 60; step++) await now.step({ ...calmPace, asks: 0.3 });
      expect([...now.stoppedShards.values()].filter(({ region: where, shard }) => where === east && shard === ofEast)).not.toEqual([]);
      expect(commitsIn(now)).toBe(left);
      now.part(east).lose(now.timers.nowMs);
      now.part(east).isGone = true;
      await goOn(now, 200);
      const { owner, base } = lastSegmentOf(now.etcd.stored.lineage, ofEast)!;
      expect(owner).toBe(west);
      expect(base).toBeGreaterThanOrEqual(settled);
      expect(now.shown.seqOf(ofEast)).toBeGreaterThanOrEqual(settled);
    });
    expect(world.violations).toEqual([]);
  }, 120_000);

  it('trace 21: another history under one generation settles by no receipt of the first, and the mirror’s readers stop', async () => {
    const world = await inWorld(12, async (now) => {
      const settled = now.shown.seqOf(ofEast);
      // East has lost what it had mirrored, too: its writer knows of no receipt.
      const mirror = now.mirrors.find(({ here }) => here === east)!;
      mirror.isStopped = true;
      now.etcd.hasQuorum = false; // so that nobody goes on alone meanwhile: that would make it history
      mirror.recreate();
      loseTail(now, settled - 2);
      now.part(east).kafka.recreate(topicIn(east, west, 'receipts'));
      now.clients.isOpen = true;
      for (let step = 0; step < 60 && commitsIn(now) < settled + 1; step++) await now.step({ ...calmPace, asks: 1 });
      expect(commitsIn(now)).toBeGreaterThan(settled - 3);
      mirror.isStopped = false;
      await goOn(now, 30);
      expect(now.shown.seqOf(ofEast)).toBe(settled);
      expect([...now.stoppedShards.values()].filter(({ region: where, shard }) => where === west && shard === ofEast)).not.toEqual([]);
    });
    expect(world.violations).toEqual([]);
  }, 120_000);
});
