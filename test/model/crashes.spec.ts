import { describe, expect, it } from 'vitest';
import type { Region } from '#contracts';
import type { Effect } from './model.agent.ts';
import { destroy, east, flawsAfterHealing, flawsOf, idleShards, isHome, roundsUntil, two, west, whereItStands } from './model.checks.ts';
import { ModelWorld } from './model.world.ts';

/**
 * Every crash between two effects of every procedure, by enumeration: each procedure is run, and again for each of its effects with the
 * agent dead just before it; the next one finds the half-done state in the logs and the table, and finishes it.
 */
interface Script {
  /** From a world at home, with work done, to the first round of the procedure. */
  begin(world: ModelWorld): void;
  isDone(world: ModelWorld): boolean;
}

const isSolo = (world: ModelWorld): boolean => world.lineage.status.status === 'solo';

const hasPairedAgain = ({ lineage }: ModelWorld): boolean =>
  lineage.status.status === 'rejoining' && Object.values(lineage.shards).some((segments) => segments.at(-1)!.mode === 'paired');

const scripts: Readonly<Record<string, Script>> = {
  takeover: { begin: (world) => world.kill(east), isDone: isSolo },
  return: {
    begin: (world) => {
      world.kill(east);
      expect(roundsUntil(world, () => isSolo(world))).toBeDefined();
      world.start(east);
    },
    isDone: isHome,
  },
  'a return that is broken off': {
    begin: (world) => {
      scripts['return']!.begin(world);
      expect(roundsUntil(world, () => hasPairedAgain(world))).toBeDefined();
      world.kill(east);
    },
    isDone: isSolo,
  },
  evacuation: {
    begin: (world) => (world.evacuated = [east]),
    isDone: ({ lineage }) => Object.values(lineage.shards).every((segments) => segments.at(-1)!.owner === west),
  },
  'a handoff home': {
    begin: (world) => {
      scripts['evacuation']!.begin(world);
      expect(roundsUntil(world, () => scripts['evacuation']!.isDone(world))).toBeDefined();
      world.evacuated = [];
    },
    isDone: isHome,
  },
};

function worldAtHome(): ModelWorld {
  const world = new ModelWorld({ ...two, seed: 1, lies: 0 });
  for (let round = 0; round < 10; round++) world.calmRound();
  expect(isHome(world)).toBe(true);
  return world;
}

/** Runs the script with `fault` at the effect of this number, counted from its begin; tells how many effects there were. */
function run(script: Script, at: number, fault: (world: ModelWorld, region: Region) => void): { world: ModelWorld; effects: number } {
  const world = worldAtHome();
  script.begin(world);
  let effects = 0;
  world.mayPerform = (region: Region, effect: Effect) => {
    if (effect.kind === 'receipts' && effect.record.kind === 'receipts') return true; // steady work: repeated anyway
    if (effects++ !== at) return true;
    fault(world, region);
    return false;
  };
  expect(
    roundsUntil(world, () => script.isDone(world)),
    `it stands at ${whereItStands(world)}`,
  ).toBeDefined();
  world.mayPerform = () => true;
  return { world, effects };
}

const agentsDie = (world: ModelWorld, region: Region): void => world.startProcesses(region);

describe.each(Object.entries(scripts))('%s', (_, script) => {
  const { effects } = run(script, -1, () => {});

  it('has effects to die between', () => expect(effects).toBeGreaterThan(1));

  it.each(Array.from({ length: effects }, (_, at) => at))('finishes when its agents die before effect %i', (at) => {
    const { world } = run(script, at, agentsDie);
    expect(flawsAfterHealing(world)).toEqual([]);
  });
});

describe('when the other region, too, is lost half-way', () => {
  const { effects } = run(scripts['takeover']!, -1, () => {});

  it.each(Array.from({ length: effects }, (_, at) => at))('in a takeover before effect %i: healed, nothing is lost', (at) => {
    const world = worldAtHome();
    scripts['takeover']!.begin(world);
    let count = 0;
    world.mayPerform = (region, effect) => {
      if ((effect.kind === 'receipts' && effect.record.kind === 'receipts') || count++ !== at) return true;
      world.kill(region);
      return false;
    };
    for (let round = 0; round < 20; round++) world.calmRound();
    world.mayPerform = () => true;
    expect(flawsAfterHealing(world)).toEqual([]);
  });

  it.each(['evacuation', 'a handoff home'])('in %s: the survivor finishes by a takeover, wherever it stood', (name) => {
    const script = scripts[name]!;
    const total = run(script, -1, () => {}).effects;
    for (let at = 0; at < total; at++)
      for (const lost of [east, west]) {
        const world = worldAtHome();
        script.begin(world);
        let count = 0;
        world.mayPerform = (_, effect) => {
          const isSteady = effect.kind === 'receipts' && effect.record.kind === 'receipts';
          if (isSteady || count++ !== at) return true;
          destroy(world, lost);
          return false;
        };
        expect(
          roundsUntil(world, () => isSolo(world)),
          `${at}, ${lost} lost: ${whereItStands(world)}`,
        ).toBeDefined();
        expect([...idleShards(world), ...flawsOf(world)], `${at}, ${lost} lost`).toEqual([]);
      }
  });
});
