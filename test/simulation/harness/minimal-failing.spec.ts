import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimalFailing } from './minimal-failing.ts';

const plenty = 10_000;
const settings = { numRuns: 300, seed: 20261127, endOnFailure: true };

/** Some items, and a few of them (perhaps none) that only together make the test fail. */
const culprits = fc
  .uniqueArray(fc.nat(1_000), { maxLength: 40 })
  .chain((items) => fc.tuple(fc.constant(items), fc.subarray(items, { maxLength: Math.min(items.length, 6) })));

type Fails = (some: readonly number[]) => boolean;

const needs =
  (guilty: readonly number[]): Fails =>
  (some) =>
    guilty.every((item) => some.includes(item));

/** Fails for no reason that is monotone: more items may pass again. */
const capricious =
  (salt: number): Fails =>
  (some) =>
    some.reduce((sum, item) => Math.imul(sum ^ item, 0x9e3779b1) >>> 0, salt) % 3 !== 0;

/** What was asked, in order, beside the answer. */
async function minimized(items: readonly number[], fails: Fails, runsMax = plenty) {
  const questions: string[] = [];
  const ask = (some: readonly number[]): Promise<boolean> => {
    questions.push(some.join());
    return Promise.resolve(fails(some));
  };
  return { ...(await minimalFailing(items, ask, runsMax)), questions };
}

const sorted = (items: Iterable<number>): readonly number[] => [...new Set(items)].sort((a, b) => a - b);

describe('ddmin', () => {
  it('finds exactly the items that only together fail', async () => {
    const property = fc.asyncProperty(culprits, async ([items, guilty]) => {
      expect(await minimized(items, needs(guilty))).toMatchObject({ items: guilty, isMinimal: true });
    });
    await fc.assert(property, settings);
  });

  it('of two reasons to fail it keeps one whole, and nothing else', async () => {
    const property = fc.asyncProperty(culprits, fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }), async ([items, one], other) => {
      const fails: Fails = (some) => needs(one)(some) || needs(other)(some);
      const { items: left } = await minimized(sorted([...items, ...other]), fails);
      expect([one, other].map(sorted)).toContainEqual(left);
    });
    await fc.assert(property, settings);
  });

  it('whatever the test is: what it gives fails, keeps its order, and without any one of its items passes', async () => {
    const property = fc.asyncProperty(fc.uniqueArray(fc.nat(1_000), { maxLength: 30 }), fc.nat(), async (items, salt) => {
      const fails = capricious(salt);
      fc.pre(fails(items));
      const { items: left, isMinimal } = await minimized(items, fails);
      expect(isMinimal).toBe(true);
      expect(fails(left)).toBe(true);
      expect(items.filter((item) => left.includes(item))).toEqual(left);
      for (const each of left) expect(fails(left.filter((item) => item !== each))).toBe(false);
    });
    await fc.assert(property, settings);
  });

  it('within any bound of runs: still fails, asks no more often than that, and says whether it was enough', async () => {
    const property = fc.asyncProperty(culprits, fc.integer({ min: 1, max: 30 }), async ([items, guilty], runsMax) => {
      const { items: left, runs, isMinimal, questions } = await minimized(items, needs(guilty), runsMax);
      expect(needs(guilty)(left)).toBe(true);
      expect(runs).toBe(questions.length);
      expect(runs).toBeLessThanOrEqual(runsMax);
      if (isMinimal) expect(left).toEqual(guilty);
    });
    await fc.assert(property, settings);
  });

  it('asks the same questions when it is asked again, and no question twice', async () => {
    const property = fc.asyncProperty(fc.uniqueArray(fc.nat(1_000), { maxLength: 30 }), fc.nat(), async (items, salt) => {
      fc.pre(capricious(salt)(items));
      const once = await minimized(items, capricious(salt));
      expect(await minimized(items, capricious(salt))).toEqual(once);
      expect(new Set(once.questions).size).toBe(once.questions.length);
    });
    await fc.assert(property, settings);
  });

  it('finds 2 of 64 in far fewer runs than there are pairs', async () => {
    const items = Array.from({ length: 64 }, (_, index) => index);
    expect((await minimized(items, needs([5, 50]))).runs).toBeLessThan(100);
  });

  it('refuses a list that does not fail, and no runs at all', async () => {
    await expect(minimized([1, 2], () => false)).rejects.toThrow('all 2 items together do not fail');
    await expect(minimized([1, 2], () => true, 0)).rejects.toThrow('at least one run is needed, not 0');
  });
});
