import { describe, expect, it } from 'vitest';
import type { Catcher } from './catchers.ts';
import { verdictOf } from './catcher-report.ts';

const specs: Catcher = { about: 'specs', kind: 'specs', project: 'unit', paths: [] };
const seeds: Catcher = { about: 'seeds', kind: 'seeds', seeds: 5 };

describe('specs', () => {
  const test = (status: string, failureMessages: readonly string[] = []) => ({ fullName: 'the pair holds', status, failureMessages });
  const file = (status: string, assertionResults: readonly object[], message = '') => ({
    name: 'a.spec.ts',
    status,
    message,
    assertionResults,
  });
  const verdict = (changes: object) => verdictOf(specs, JSON.stringify({ success: false, numPassedTests: 3, testResults: [], ...changes }));

  it('passed: every test did, and there were some', () => {
    expect(verdict({ success: true, testResults: [file('passed', [test('passed')])] })).toEqual({ verdict: 'passed', tests: 3 });
    expect(verdict({ success: true, numPassedTests: 0 })).toEqual({ verdict: 'unclear', because: 'no test ran' });
  });

  it('failed: the first test that did, and what it said without its stack', () => {
    const message = `AssertionError: \u001b[31mexpected 'seed 3:\n a unit is lost'\u001b[39m to be undefined\n    at check (a.spec.ts:3:1)`;
    expect(verdict({ testResults: [file('failed', [test('passed'), test('failed', [message]), test('failed', ['later'])])] })).toEqual({
      verdict: 'failed',
      test: 'the pair holds',
      message: `AssertionError: expected 'seed 3: a unit is lost' to be undefined`,
    });
  });

  it('what they said is bounded', () => {
    const failed = verdict({ testResults: [file('failed', [test('failed', ['x'.repeat(10_000)])])] });
    expect(failed).toMatchObject({ verdict: 'failed', message: `${'x'.repeat(199)}…` });
  });

  it('unclear: a file that does not load proves nothing, though the run failed', () => {
    const broken = { testResults: [file('passed', [test('passed')]), file('failed', [], 'ReferenceError: b is not defined')] };
    expect(verdict(broken)).toEqual({ verdict: 'unclear', because: 'a.spec.ts does not load: ReferenceError: b is not defined' });
    expect(verdict({})).toEqual({ verdict: 'unclear', because: 'it failed, and no test of it did' });
  });

  it('unclear: code that names what is not there fails wherever it is run', () => {
    const broken = verdict({ testResults: [file('failed', [test('failed', ['ReferenceError: b is not defined\n    at a.ts'])])] });
    expect(broken).toEqual({ verdict: 'unclear', because: 'the pair holds does not run: ReferenceError: b is not defined' });
  });
});

describe('seeds', () => {
  const verdict = (changes: object) => verdictOf(seeds, JSON.stringify({ seeds: 5, endedBy: 'all seeds', failures: [], ...changes }));
  const failure = (seed: number, what: string) => ({ failed: { seed, violations: [{ property: 'a run throws nothing', what }] } });

  it('passed: all of them ran, and broke nothing', () => {
    expect(verdict({})).toEqual({ verdict: 'passed', tests: 5 });
    expect(verdict({ seeds: 2, endedBy: 'time' })).toEqual({ verdict: 'unclear', because: '2 seeds ran, ended by time' });
  });

  it('failed: what the first one that failed has broken, and which it was', () => {
    const failed = verdict({ endedBy: 'a failure', failures: [failure(4, 'AssertionError: a cursor never skips a seq\n    at a.ts')] });
    expect(failed).toEqual({
      verdict: 'failed',
      test: 'a run throws nothing',
      message: 'seed 4: AssertionError: a cursor never skips a seq',
    });
  });

  it('unclear: code that names what is not there', () =>
    expect(verdict({ failures: [failure(1, 'ReferenceError: b is not defined')] })).toMatchObject({ verdict: 'unclear' }));
});

it.each([specs, seeds])('what is no report at all is a fault: $kind', (catcher) => {
  expect(() => verdictOf(catcher, '{}')).toThrow();
  expect(() => verdictOf(catcher, 'Error: it did not start')).toThrow();
});
