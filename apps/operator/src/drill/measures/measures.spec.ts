import { describe, expect, it } from 'vitest';
import { drillClient, recordedOrder } from '../testing/sound-drill.fixture.ts';
import type { Attempt, OrderOutcome } from '../recording.ts';
import { answersOverTime, latencyOverTime, totals } from './answers-over-time.ts';
import { lossOf } from './loss.ts';
import { percentiles } from './percentiles.ts';
import { latenciesOf, recoveries } from './recovery-time.ts';

const unknown: OrderOutcome = { kind: 'unknown', because: 'no clear answer' };

describe('percentiles', () => {
  it('are values that were measured, by nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(percentiles(values)).toEqual({ count: 200, p50: 100, p95: 190, p99: 198, max: 200 });
    expect(percentiles([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
    expect(percentiles([])).toBeUndefined();
  });

  it('say never where something never came, instead of leaving it out', () => {
    expect(percentiles([1, 2, 3, Infinity])).toMatchObject({ p50: 2, max: Infinity });
  });
});

describe('the recovery of a client', () => {
  const [one, other] = [drillClient(0), drillClient(1)];

  it('is from the fault to the first acknowledgement of what was due after it', () => {
    const orders = [
      recordedOrder(0, { client: one, dueMs: 900, endMs: 1_020 }), // under way at the fault: says nothing
      recordedOrder(1, { client: one, dueMs: 1_100, endMs: 4_600 }),
      recordedOrder(2, { client: one, dueMs: 3_000, endMs: 4_000 }),
      recordedOrder(3, { client: other, dueMs: 1_000, endMs: 1_700 }),
    ];
    expect(recoveries(orders, 1_000)).toEqual([
      { client: one, recoveredAfterMs: 3_000 },
      { client: other, recoveredAfterMs: 700 },
    ]);
  });

  it('never came when nothing was acknowledged any more; a client with nothing due is not counted', () => {
    const orders = [recordedOrder(0, { client: one, dueMs: 0 }), recordedOrder(1, { client: other, dueMs: 1_000, outcome: unknown })];
    expect(recoveries(orders, 1_000)).toEqual([{ client: other, recoveredAfterMs: Infinity }]);
  });
});

it('latency counts from when an order was due, and an order without an answer has none', () => {
  const orders = [recordedOrder(0, { dueMs: 0, endMs: 2_500 }), recordedOrder(1, { dueMs: 500, outcome: unknown })];
  expect(latenciesOf(orders, 0, 1_000)).toEqual([2_500, Infinity]);
  expect(latencyOverTime(orders)).toEqual([{ second: 0, p50Ms: 2_500, maxMs: 2_500 }]);
});

it('answers are counted by the second in which they came, quiet seconds too', () => {
  const attempt = (endMs: number, outcome: Attempt['outcome']): Attempt => ({ startMs: 0, endMs, host: '', outcome });
  const seconds = answersOverTime([
    attempt(100, { kind: 'answered', status: 201 }),
    attempt(900, { kind: 'answered', status: 503 }),
    attempt(2_500, { kind: 'timeout' }),
    attempt(2_999, { kind: 'no-connection', reason: 'refused' }),
    attempt(2_000, { kind: 'answered', status: 422 }),
    attempt(2_000, { kind: 'answered', status: 500 }),
  ]);
  expect(seconds).toHaveLength(3);
  expect(seconds[0]!.counts).toMatchObject({ acknowledged: 1, '503': 1, timeout: 0 });
  expect(Object.values(seconds[1]!.counts).every((count) => count === 0)).toBe(true);
  expect(totals(seconds)).toEqual({ acknowledged: 1, refused: 1, '503': 1, '504': 0, 'other 5xx': 1, timeout: 1, 'no connection': 1 });
  expect(answersOverTime([])).toEqual([]);
});

describe('the loss', () => {
  const orders = [
    recordedOrder(0, { endMs: 1_000 }),
    recordedOrder(1, { endMs: 4_000 }),
    recordedOrder(2, { endMs: 9_000 }),
    recordedOrder(3, { endMs: 2_000, outcome: unknown }),
  ];
  const without = (...numbers: number[]) => {
    const gone = new Set(numbers.map((number) => orders[number]!.orderId));
    return lossOf(orders, 5_000, (id) => !gone.has(id));
  };

  it('is nothing when every acknowledged order is there; a timeout is no promise', () => {
    expect(without()).toEqual({ acknowledged: 3, lost: [], seconds: 0 });
    expect(without(3)).toEqual({ acknowledged: 3, lost: [], seconds: 0 });
  });

  it('reaches from the earliest order lost to the fault, or to the last one lost after it', () => {
    expect(without(1)).toMatchObject({ lost: [{ acknowledgedMs: 4_000 }], seconds: 1 });
    expect(without(0, 1)).toMatchObject({ lost: [{}, {}], seconds: 4 });
    expect(without(1, 2)).toMatchObject({ seconds: 5 });
  });
});
