import { expect, it } from 'vitest';
import { ReadTarget } from './read-target.ts';

const ends = new Map([
  ['order.events', [3, 5]],
  ['receipts', [0]],
]);

it('is reached when every partition was read to where it ended then', () => {
  const target = new ReadTarget(ends, 1_000);
  const next = [3, 4];
  const nextOffset = (topic: string, partition: number) => (topic === 'order.events' ? next[partition] : undefined);
  expect(target.isReached(nextOffset, 0)).toBe(false);
  next[1] = 5;
  expect(target.isReached(nextOffset, 0)).toBe(true);
});

it('does not wait for a partition that stands still, and waits for one that moves', () => {
  const target = new ReadTarget(ends, 1_000);
  let next = 0;
  const isReached = (nowMs: number) => target.isReached((_, partition) => (partition === 0 ? 3 : next), nowMs);
  expect(isReached(0)).toBe(false);
  expect(isReached(900)).toBe(false);
  next = 1;
  expect(isReached(1_000)).toBe(false);
  expect(isReached(1_900)).toBe(false);
  expect(isReached(2_000)).toBe(true);
});
