import { expect, it } from 'vitest';
import { TokenBuckets } from './token-buckets.ts';

it('lets a burst pass, then one per refill, each key for itself', () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perSecond: 10, burst: 3 }, 100, () => nowMs);
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 0, 100]);
  expect(buckets.take('b')).toBe(0);
  nowMs = 99;
  expect(buckets.take('a')).toBeGreaterThan(0);
  nowMs = 200;
  expect(buckets.take('a')).toBe(0);
  nowMs = 1_000_000;
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 0, 100]);
});

it('holds no more keys than it may', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, 2, () => 0);
  expect([buckets.take('a'), buckets.take('b'), buckets.take('c')]).toEqual([0, 0, 0]);
  expect(buckets.take('c')).toBeGreaterThan(0);
  expect(buckets.take('a')).toBe(0); // was dropped, so it starts full
});
