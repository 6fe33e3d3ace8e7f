import { describe, expect, it } from 'vitest';
import { faultKinds } from './fault-kinds.ts';
import { matrixOf, pairsMany, pairsOf, scenarioNamed } from './matrix.ts';
import { workloadNames } from './scenario.ts';

const regions = ['east', 'west'] as const;
const seeds = Array.from({ length: 50 }, (_, seed) => seed);
const whole = seeds.flatMap((seed) => matrixOf({ seed, regions }));
const minutesMax = 100;

describe('the matrix', () => {
  it('has each fault once by itself, and so many pairs; every name once', () => {
    const names = matrixOf({ seed: 1, regions }).map(({ name }) => name);
    expect(names.slice(0, faultKinds.length)).toEqual(faultKinds.map(({ name }) => name));
    expect(names).toHaveLength(faultKinds.length + pairsMany);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is the same for the same seed, and another one for another', () => {
    expect(matrixOf({ seed: 7, regions })).toEqual(matrixOf({ seed: 7, regions }));
    expect(matrixOf({ seed: 7, regions })).not.toEqual(matrixOf({ seed: 8, regions }));
  });

  it('uses every workload about equally often', () => {
    for (const workload of workloadNames)
      expect(matrixOf({ seed: 1, regions }).filter((scenario) => scenario.workload === workload).length).toBeGreaterThanOrEqual(10);
  });

  it('strikes either region with every fault that can strike either, over the seeds', () => {
    for (const kind of faultKinds.filter(({ strikes }) => strikes.includes('{region}'))) {
      const struck = whole.filter(({ name }) => name === kind.name).map(({ faults }) => faults[0]!.strikes);
      expect([kind.name, new Set(struck).size]).toEqual([kind.name, 2]);
      expect(struck.join()).not.toContain('{');
    }
  });

  it('heals every fault within the load, and leaves quiet before and after', () => {
    for (const { faults, loadMs } of whole)
      for (const { beginMs, healMs } of faults) {
        expect(beginMs).toBeGreaterThanOrEqual(4_000);
        expect(healMs).toBeGreaterThanOrEqual(beginMs);
        expect(loadMs).toBeGreaterThanOrEqual(healMs + 6_000);
      }
  });

  it('loads no longer than its hour and a half leaves room for', () => {
    for (const seed of seeds) {
      const loads = matrixOf({ seed, regions }).map(({ loadMs }) => loadMs);
      const loadMinutes = loads.reduce((sum, ms) => sum + ms, 0) / 60_000;
      // As much again, and a third more, for recovery, the reads at the end and the starts of systems.
      expect(loadMinutes * 2.3).toBeLessThan(minutesMax);
    }
  });
});

describe('the pairs', () => {
  it('are of two faults that go together: neither needs the system for itself, and no heal undoes the other', () => {
    for (const [first, second] of seeds.flatMap((seed) => pairsOf(seed))) {
      expect(first.alone ?? second.alone).toBeUndefined();
      expect([first.takes, second.takes]).not.toEqual(['region', 'region']);
      expect([first.takes, second.takes]).not.toEqual(['link', 'link']);
      expect(first).not.toBe(second);
    }
  });

  it('overlap, or the second strikes while the first is still being recovered from', () => {
    for (const { faults } of whole.filter(({ faults }) => faults.length === 2)) {
      const [first, second] = faults as [(typeof faults)[0], (typeof faults)[0]];
      expect(second.beginMs).toBeGreaterThanOrEqual(first.beginMs);
      expect(second.beginMs).toBeLessThanOrEqual(first.healMs + 8_000);
    }
  });

  it('of a lost region and something else strike different regions', () => {
    const isRegion = (name: string): boolean => faultKinds.some((kind) => kind.name === name && kind.takes === 'region');
    const mixed = whole.filter(({ faults }) => faults.length === 2 && faults.some(({ kind }) => isRegion(kind)));
    expect(mixed.length).toBeGreaterThan(50);
    for (const { faults } of mixed) {
      const placeOf = (strikes: string): string | undefined => /^(east|west)(\.|$)/.exec(strikes)?.[1];
      const places = faults.flatMap(({ strikes }) => placeOf(strikes) ?? []);
      expect(new Set(places).size).toBe(places.length);
    }
  });
});

describe('a scenario asked for by name', () => {
  it('is that of the matrix', () => {
    expect(scenarioNamed('kill-kafka', { seed: 3, regions })).toEqual(
      matrixOf({ seed: 3, regions }).find(({ name }) => name === 'kill-kafka'),
    );
  });

  it('may be a pair that the seed did not draw', () => {
    expect(scenarioNamed('kill-kafka+flap', { seed: 3, regions }).faults.map(({ kind }) => kind)).toEqual(['kill-kafka', 'flap']);
  });

  it('is refused with what there is, when there is no such fault', () => {
    expect(() => scenarioNamed('kill-everything', { seed: 3, regions })).toThrow(/no fault kill-everything; there are kill-kafka, /);
  });
});
