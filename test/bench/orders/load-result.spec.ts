import { describe, expect, it } from 'vitest';
import { soundRun } from '../bench.fixture.ts';
import { loadResult, median } from './load-result.ts';

const settledIn = (p99: number) => ({ count: 100, p50: p99 / 2, p95: p99, p99, max: p99 });

it('a median is one of the values', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([5])]).toEqual([2, 2, 5]);
  expect(median([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])).toBe(Number.POSITIVE_INFINITY);
  expect(() => median([])).toThrow(RangeError);
});

describe('a load', () => {
  it('is judged by the median of each figure', () => {
    const runs = [900, 100, 200].map((p99) => soundRun({ settledMs: settledIn(p99), cpuMsPerOrder: { 'east.kafka': p99 } }));
    const { median: of } = loadResult(20, runs);
    expect(of).toMatchObject({ settledMs: { p99: 200 }, cpuMsPerOrder: { 'east.kafka': 200 }, held: true });
  });

  it('does not count runs of a late generator, and has no result when all are', () => {
    const late = soundRun({ void: 'late', settledMs: settledIn(9_999) });
    expect(loadResult(20, [late, soundRun()]).median?.settledMs?.p99).toBe(180);
    expect(loadResult(20, [late]).median).toBeUndefined();
  });

  it.each([
    { because: 'orders failed', run: soundRun({ errors: { '503': 1 } }) },
    { because: 'something was lost', run: soundRun({ violations: ['1 orders lost'] }) },
    { because: 'confirmations fell behind', run: soundRun({ confirmedPerSecond: 19 }) },
    { because: 'it settled too slowly', run: soundRun({ settledMs: settledIn(1_001) }) },
  ])('is not held when $because', ({ run }) => {
    expect(loadResult(20, [run]).median?.held).toBe(false);
    expect(loadResult(20, [soundRun()]).median?.held).toBe(true);
  });
});
