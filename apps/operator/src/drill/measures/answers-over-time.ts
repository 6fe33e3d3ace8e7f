import type { Attempt, AttemptOutcome, RecordedOrder } from '../recording.ts';
import { percentile } from './percentiles.ts';

export const answerClasses = ['acknowledged', 'refused', '503', '504', 'other 5xx', 'timeout', 'no connection'] as const;
export type AnswerClass = (typeof answerClasses)[number];

export interface SecondOfAnswers {
  /** Since the load began; the bucket holds attempts that ended in it. */
  readonly second: number;
  readonly counts: Readonly<Record<AnswerClass, number>>;
}

export function answerClassOf(outcome: AttemptOutcome): AnswerClass {
  if (outcome.kind === 'timeout') return 'timeout';
  if (outcome.kind === 'no-connection') return 'no connection';
  if (outcome.status < 400) return 'acknowledged';
  if (outcome.status === 503) return '503';
  if (outcome.status === 504) return '504';
  return outcome.status >= 500 ? 'other 5xx' : 'refused';
}

const nothing = (): Record<AnswerClass, number> =>
  Object.fromEntries(answerClasses.map((name) => [name, 0])) as Record<AnswerClass, number>;

/** Every attempt by the second in which it ended, with no second left out. */
export function answersOverTime(attempts: readonly Pick<Attempt, 'endMs' | 'outcome'>[]): readonly SecondOfAnswers[] {
  const last = attempts.reduce((latest, { endMs }) => Math.max(latest, Math.floor(endMs / 1000)), -1);
  const seconds = Array.from({ length: last + 1 }, (_, second) => ({ second, counts: nothing() }));
  for (const { endMs, outcome } of attempts) seconds[Math.max(0, Math.floor(endMs / 1000))]!.counts[answerClassOf(outcome)] += 1;
  return seconds;
}

export function totals(seconds: readonly SecondOfAnswers[]): Readonly<Record<AnswerClass, number>> {
  const sums = nothing();
  for (const { counts } of seconds) for (const name of answerClasses) sums[name] += counts[name];
  return sums;
}

export interface SecondOfLatency {
  /** Since the load began; the bucket holds orders that were due in it. */
  readonly second: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

/** Time to acknowledgement by the second in which orders were due; seconds with none are left out, as are orders without one. */
export function latencyOverTime(orders: readonly Pick<RecordedOrder, 'dueMs' | 'endMs' | 'outcome'>[]): readonly SecondOfLatency[] {
  const bySecond = new Map<number, number[]>();
  for (const { dueMs, endMs, outcome } of orders) {
    if (outcome.kind !== 'acknowledged') continue;
    const second = Math.floor(dueMs / 1000);
    const found = bySecond.get(second) ?? [];
    bySecond.set(second, found);
    found.push(endMs - dueMs);
  }
  return [...bySecond]
    .sort(([a], [b]) => a - b)
    .map(([second, latencies]) => {
      const sorted = latencies.toSorted((a, b) => a - b);
      return { second, p50Ms: percentile(sorted, 0.5), maxMs: percentile(sorted, 1) };
    });
}
