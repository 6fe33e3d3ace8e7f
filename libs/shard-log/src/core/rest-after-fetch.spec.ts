import { expect, it } from 'vitest';
import { restAfterFetch } from './rest-after-fetch.ts';

it.each([
  [0, 0],
  [1, 5],
  [3, 15],
  [8, 40],
  [199, 40],
  [200, 0],
  [10_000, 0],
])('after a fetch that brought %i records rests %i ms', (records, restMs) => {
  expect(restAfterFetch(records)).toBe(restMs);
});
