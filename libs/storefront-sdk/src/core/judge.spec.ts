import { describe, expect, it } from 'vitest';
import { problemKinds, problemTypeOf, type ProblemCode } from '#contracts/browser';
import { judge, refusalAfterDoubt, retryAfterMsOf, type TryOutcome } from './judge.ts';
import { problemOf } from './problem.ts';

const problem = (code: string, status: number, retryAfter: string | null = null): TryOutcome => ({
  kind: 'answered',
  status,
  contentType: 'application/problem+json; charset=utf-8',
  retryAfter,
  body: { type: problemTypeOf(code), title: 'A title', status, code },
});
const page = (status: number): TryOutcome => ({ kind: 'answered', status, contentType: 'text/html', retryAfter: null, body: undefined });
const judged = (outcome: TryOutcome) => judge(outcome, (_status, body) => body, 0);

describe('what the end of a try means', () => {
  it.each<[string, TryOutcome, object]>([
    ['an answer', { ...page(201), body: { ok: true } } as TryOutcome, { is: 'success', status: 201 }],
    ["a page that is not the API's", page(200), { is: 'again', maybeDone: true, says: 'not-now' }],
    ['no answer in time', { kind: 'late' }, { is: 'again', maybeDone: true, says: 'silent' }],
    ['a lost connection', { kind: 'broken', never: false, reason: 'reset' }, { is: 'again', maybeDone: true, says: 'silent' }],
    ['no connection', { kind: 'broken', never: true, reason: 'refused' }, { is: 'again', maybeDone: false, says: 'silent' }],
    ['503', problem('unavailable', 503, '2'), { is: 'again', maybeDone: false, says: 'not-now', retryAfterMs: 2_000 }],
    ["a proxy's 503", page(503), { is: 'again', maybeDone: true, says: 'not-now' }],
    ['504', problem('outcome-unknown', 504), { is: 'again', maybeDone: true }],
    ['500', problem('internal', 500), { is: 'again', maybeDone: true }],
    ['421', problem('not-owned-here', 421), { is: 'again', maybeDone: false, everywhere: false }],
    [
      '429, which is no region to be gone round',
      problem('too-many-requests', 429, '1'),
      { is: 'again', maybeDone: false, everywhere: true, says: 'nothing' },
    ],
    ['a region that has not seen it yet', problem('consistency-unreached', 503), { is: 'again', says: 'nothing' }],
    ['a refusal', problem('unknown-sku', 422), { is: 'refusal', problem: { code: 'unknown-sku', status: 422 } }],
    ["a proxy's 403", page(403), { is: 'again', maybeDone: true }],
  ])('%s', (_what, outcome, verdict) => {
    expect(judged(outcome)).toMatchObject(verdict);
  });

  it.each(Object.entries(problemKinds))('%s is typed, and only a clear no is a refusal', (code, { status }) => {
    const verdict = judged(problem(code, status));
    expect(verdict.is).toBe(status >= 500 || [408, 421, 429].includes(status) ? 'again' : 'refusal');
    if (verdict.is === 'refusal') expect(verdict.problem).toMatchObject({ code, status });
  });
});

it('a problem of a later API is told by its status', () => {
  expect(judged(problem('too-late-for-that', 409))).toMatchObject({
    is: 'refusal',
    problem: { code: 'unrecognised', originalCode: 'too-late-for-that', status: 409 },
  });
  expect(problemOf(409, 'application/problem+json', { code: 'conflict' })).toBeUndefined();
  expect(problemOf(409, 'application/problem+json', problem('conflict', 404))).toBeUndefined();
});

it.each<[ProblemCode, ReturnType<typeof refusalAfterDoubt>]>([
  ['idempotency-key-reused', 'final'],
  ['order-already-shipped', 'final'],
  ['invalid-request', 'final'],
  ['unknown-sku', 'ask-again'],
  ['currency-mismatch', 'ask-again'],
  ['unauthenticated', 'open'],
  ['forbidden', 'open'],
])('%s, after a try that may have been acted on: %s', (code, meaning) => {
  const told = problemOf(
    problemKinds[code].status,
    'application/problem+json',
    (problem(code, problemKinds[code].status) as { body: unknown }).body,
  );
  expect(refusalAfterDoubt(told!)).toBe(meaning);
});

it.each([
  ['3', 3_000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:00:05 GMT', 5_000],
  ['Thu, 01 Jan 1960 00:00:05 GMT', 0],
  ['99999999', 3_600_000],
  ['soon', undefined],
  [null, undefined],
])('Retry-After: %s', (text, ms) => {
  expect(retryAfterMsOf(text, 0)).toBe(ms);
});
