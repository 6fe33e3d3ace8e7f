import { expect, it } from 'vitest';
import { restAfter } from './rest.ts';

const pace = { intervalMs: 50, restMaxMs: 250 };

it.each([
  [0, false, 50, 'a quick transaction: the next one begins after the interval'],
  [15, false, 35, 'still within the interval'],
  [30, false, 60, 'twice as long as it took'],
  [100, false, 200, 'a busy machine is spared'],
  [500, false, 250, 'but reads never wait longer than the longest rest'],
  [100, true, 0, 'a full one: more is waiting, and a rest would not make the next one larger'],
  [0, true, 0, 'the same'],
])('after %i ms (full: %s) rests %i ms: %s', (tookMs, wasFull, restMs) => {
  expect(restAfter(tookMs, wasFull, pace)).toBe(restMs);
});
