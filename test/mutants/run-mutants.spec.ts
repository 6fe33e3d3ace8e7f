import { describe, expect, it } from 'vitest';
import type { SuiteName } from './catchers.ts';
import type { Mutant } from './mutant.ts';
import { BrokenTreeError, runMutants, type Trial } from './run-mutants.ts';
import type { Verdict } from './catcher-report.ts';

const mutant = (name: string, ...caughtBy: SuiteName[]): Mutant => {
  return { name, breaks: 'it holds', said: 'there', file: 'a.ts', find: 'a', replace: 'b', caughtBy };
};
const passed: Verdict = { verdict: 'passed', tests: 2 };
const failed: Verdict = { verdict: 'failed', test: 'it holds', message: 'seed 3' };
const stuck: Verdict = { verdict: 'unclear', because: 'it did not end' };

/** A tree that knows which bug is in it, and suites that answer by it. */
function trying(answer: (suite: SuiteName, bug: string | undefined) => Verdict) {
  const ran: string[] = [];
  const bounds: number[] = [];
  let bug: string | undefined;
  const run = (mutants: readonly Mutant[]): Promise<readonly Trial[]> =>
    runMutants(mutants, {
      tree: {
        with: async (planted, trial) => {
          bug = planted.name;
          try {
            return await trial();
          } finally {
            bug = undefined;
          }
        },
      },
      run: (suite, withinMs) => {
        ran.push(`${bug ?? 'sound'}: ${suite}`);
        bounds.push(withinMs);
        return Promise.resolve({ ...answer(suite, bug), seconds: 2 });
      },
      say: () => {},
    });
  return { run, ran, bounds };
}

describe('before any bug is planted', () => {
  it('each suite that is asked for passes once', async () => {
    const { run, ran } = trying((_, bug) => (bug === undefined ? passed : failed));
    await run([mutant('one', 'model'), mutant('two', 'model', 'shop')]);
    expect(ran.slice(0, 2)).toEqual(['sound: model', 'sound: shop']);
  });

  it.each([failed, stuck])('a tree in which one does not pass proves nothing: %o', async (verdict) => {
    const { run, ran } = trying((suite) => (suite === 'shop' ? verdict : passed));
    await expect(run([mutant('one', 'model', 'shop')])).rejects.toThrow(BrokenTreeError);
    expect(ran).toEqual(['sound: model', 'sound: shop']);
  });
});

describe('a mutant', () => {
  it('is caught by the first suite that fails, and the others are not asked', async () => {
    const { run, ran } = trying((suite, bug) => (bug !== undefined && suite === 'model' ? failed : passed));
    const trials = await run([mutant('one', 'model', 'shop')]);
    expect(trials).toMatchObject([{ fate: 'caught', by: 'model', test: 'it holds', message: 'seed 3', seconds: 2 }]);
    expect(ran).toEqual(['sound: model', 'sound: shop', 'one: model']);
  });

  it('survives when none of its suites fails; the next one is tried all the same', async () => {
    const { run } = trying((_, bug) => (bug === 'two' ? failed : passed));
    const trials = await run([mutant('one', 'model', 'shop'), mutant('two', 'model')]);
    expect(trials.map(({ fate, seconds }) => [fate, seconds])).toEqual([
      ['survived', 4],
      ['caught', 2],
    ]);
  });

  it('is unclear when a suite neither passes nor fails with it, unless another one catches it', async () => {
    const { run } = trying((suite, bug) => (bug === undefined ? passed : suite === 'model' ? stuck : bug === 'two' ? failed : passed));
    const trials = await run([mutant('one', 'model', 'shop'), mutant('two', 'model', 'shop')]);
    expect(trials).toMatchObject([
      { fate: 'unclear', because: 'model: it did not end' },
      { fate: 'caught', by: 'shop' },
    ]);
  });

  it('has a bounded time, which grows with what its suite takes without it', async () => {
    const { run, bounds } = trying((_, bug) => (bug === undefined ? passed : failed));
    await run([mutant('one', 'model')]);
    expect(bounds[1]).toBe(2_000 * 4 + 120_000);
  });
});
