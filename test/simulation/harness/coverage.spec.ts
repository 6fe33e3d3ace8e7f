import { describe, expect, it } from 'vitest';
import { pairKey } from '../run/faults.ts';
import { coverageOf, coverageText } from './coverage.ts';
import * as world from './synthetic.world.ts';
import { Tally } from './tally.ts';
import type { SimulationResult } from '../run/simulation.ts';

const all = new Map(world.coveragePairs.map(({ fault, step }) => [pairKey(fault, step), 3]));
const without = (...keys: readonly string[]) => new Map([...all].filter(([key]) => !keys.includes(key)));

describe('coverage', () => {
  it('lists each pair that can be and was not reached', () => {
    const { unreached } = coverageOf(world, without('link-cut × takeover.cut'));
    expect(unreached).toEqual([{ fault: 'link-cut', step: 'takeover.cut' }]);
    expect(coverageOf(world, all).unreached).toEqual([]);
    expect(coverageOf(world, new Map([...all, ['link-cut × takeover.cut', 0]])).unreached).toEqual(unreached);
  });

  it('lists a pair that was said to be impossible and happened', () => {
    const { refuted } = coverageOf(world, new Map([...all, ['mirror-lag × takeover.claimed', 1]]));
    expect(refuted).toEqual(world.impossiblePairs);
    expect(coverageOf(world, all).refuted).toEqual([]);
  });

  it('is printed as a table for each procedure, with what is left out and why', () => {
    expect(coverageText(world, coverageOf(world, without('link-cut × takeover.cut')))).toBe(
      [
        'times that a fault struck while a procedure was at a step',
        [
          'TAKEOVER       claimed  cut',
          'process-crash  3        3',
          'link-cut       3        0',
          'process-pause  3        3',
          'mirror-lag     -        3',
        ].join('\n'),
        ['RETURN         closed', 'process-crash  3', 'link-cut       3', 'process-pause  3', 'mirror-lag     3'].join('\n'),
        'left out (-):\n  mirror-lag × takeover.claimed: a claim reads no mirror',
        '1 of 11 pairs were NEVER REACHED\n  link-cut × takeover.cut',
      ].join('\n\n'),
    );
  });

  it('says so when every pair was reached, and when an impossible one was seen', () => {
    expect(coverageText(world, coverageOf(world, all))).toContain('each of 11 pairs that can be was reached');
    const refuted = coverageText(world, coverageOf(world, new Map([...all, ['mirror-lag × takeover.claimed', 1]])));
    expect(refuted).toContain('SEEN, though said to be impossible\n  mirror-lag × takeover.claimed');
  });
});

describe('the tally', () => {
  const result = (seed: number, change: Partial<SimulationResult> = {}): SimulationResult => ({
    seed,
    shape: 'two',
    steps: 10,
    traceHash: 'h',
    violations: [],
    faults: [],
    coverage: new Map([['a × b', 1]]),
    counts: { orders: 2, lagMax: seed },
    ...change,
  });

  it('adds up runs; of what ends in Max it keeps the largest', () => {
    const tally = new Tally();
    for (const each of [
      result(1),
      result(5, { shape: 'three' }),
      result(3, {
        coverage: new Map([
          ['a × c', 2],
          ['a × b', 4],
        ]),
      }),
    ])
      tally.add(each);
    expect(tally).toMatchObject({
      seeds: 3,
      steps: 30,
      seedsByShape: { two: 2, three: 1 },
      counts: { orders: 6, lagMax: 5 },
      failures: [],
    });
    expect(tally.coverage).toEqual(
      new Map([
        ['a × b', 6],
        ['a × c', 2],
      ]),
    );
  });

  it('keeps what failed, and counts it too', () => {
    const tally = new Tally();
    const failed = result(2, { violations: [{ property: 'p', what: 'w' }] });
    for (const each of [result(1), failed]) tally.add(each);
    expect(tally.failures).toEqual([failed]);
    expect(tally.seeds).toBe(2);
  });
});
