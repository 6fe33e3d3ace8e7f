/**
 * What the end of one try means: pure. The heart of "never a false yes, never a false no": only an answer that is the API's own
 * counts, and a refusal counts for a write only if no other try of it can still come true.
 */
import type { ApiProblem } from './problem.ts';
import { problemOf } from './problem.ts';

export type TryOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly contentType: string | null;
      readonly retryAfter: string | null;
      /** Parsed JSON; undefined when it is none. */
      readonly body: unknown;
    }
  /** Connected or not, nothing came in time. */
  | { readonly kind: 'late' }
  /** `never`: it certainly reached nobody. */
  | { readonly kind: 'broken'; readonly never: boolean; readonly reason: string };

export type Verdict<Value> =
  | { readonly is: 'success'; readonly status: number; readonly value: Value }
  | { readonly is: 'refusal'; readonly problem: ApiProblem }
  | {
      readonly is: 'again';
      /** A write may have been acted on. */
      readonly maybeDone: boolean;
      /** What it says of the address: nobody is there; somebody is, and cannot; nothing. */
      readonly says: 'silent' | 'not-now' | 'nothing';
      /** The same everywhere: another address is no way round it. */
      readonly everywhere: boolean;
      readonly retryAfterMs: number | undefined;
      readonly problem: ApiProblem | undefined;
      readonly reason: string;
    };

type Again = Extract<Verdict<never>, { is: 'again' }>;
const again = (reason: string, facts: Partial<Again> = {}): Again => ({
  is: 'again',
  maybeDone: true,
  says: 'not-now',
  everywhere: false,
  retryAfterMs: undefined,
  problem: undefined,
  reason,
  ...facts,
});

/** Certainly nothing was done by whoever says so. Other 5xx leave it open. */
const certainlyNotDone: ReadonlySet<number> = new Set([408, 421, 429, 503]);

/** @param read the value of a success, or undefined when the body is not what the API answers. */
export function judge<Value>(
  outcome: TryOutcome,
  read: (status: number, body: unknown) => Value | undefined,
  epochMs: number,
): Verdict<Value> {
  if (outcome.kind === 'late') return again('no answer in time', { says: 'silent' });
  if (outcome.kind === 'broken') return again(outcome.reason, { says: 'silent', maybeDone: !outcome.never });
  const { status, contentType, body } = outcome;
  if (status >= 200 && status < 300) {
    const value = read(status, body);
    return value === undefined ? again(`an answer ${status} that is not the API's`) : { is: 'success', status, value };
  }
  const problem = problemOf(status, contentType, body);
  const facts = { retryAfterMs: retryAfterMsOf(outcome.retryAfter, epochMs), problem };
  const reason = problem === undefined ? `status ${status}` : `${status} ${problem.code}`;
  if (certainlyNotDone.has(status)) {
    const says = problem?.code === 'consistency-unreached' || status === 429 ? 'nothing' : 'not-now';
    return again(reason, { ...facts, maybeDone: status === 503 && problem === undefined, says, everywhere: status === 429 });
  }
  if (status >= 500 || problem === undefined) return again(reason, facts);
  return { is: 'refusal', problem };
}

/** Refusals that hold at a moment only, or for one try's token: they say nothing of an earlier try that may have been acted on. */
const passing: ReadonlySet<ApiProblem['code']> = new Set(['unknown-sku', 'currency-mismatch']);
const ofTheTry: ReadonlySet<ApiProblem['code']> = new Set(['unauthenticated', 'forbidden']);

/**
 * What a refusal of a write means when an earlier try of it may have been acted on. `final`: that one would have been refused too,
 * or the API would have recognised it. `ask-again`: the same question may be answered better. `open`: asking again will not help.
 */
export function refusalAfterDoubt({ code, status }: ApiProblem): 'final' | 'ask-again' | 'open' {
  if (passing.has(code)) return 'ask-again';
  return ofTheTry.has(code) || (code === 'unrecognised' && status !== 409 && status !== 422) ? 'open' : 'final';
}

const retryAfterMaxMs = 3_600_000;

/** Retry-After (RFC 9110, 10.2.3) in milliseconds from now, at most an hour; undefined when there is none that can be read. */
export function retryAfterMsOf(text: string | null, epochMs: number): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - epochMs;
  return Number.isFinite(ms) ? Math.min(retryAfterMaxMs, Math.max(0, ms)) : undefined;
}
