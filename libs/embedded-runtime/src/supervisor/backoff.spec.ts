import { expect, test } from 'vitest';
import { backoffMs, pause } from './backoff.ts';

test('the wait doubles with every failure in a row, up to its limit', () => {
  const waits = [1, 2, 3, 8, 9, 1000].map((failures) => backoffMs(failures, { firstMs: 250, maxMs: 30_000 }));
  expect(waits).toEqual([250, 500, 1000, 30_000, 30_000, 30_000]);
});

test('a pause ends when it is aborted, and does not begin when it already was', async () => {
  const abort = new AbortController();
  const paused = pause(60_000, abort.signal);
  abort.abort();
  await paused;
  await pause(60_000, abort.signal);
});
