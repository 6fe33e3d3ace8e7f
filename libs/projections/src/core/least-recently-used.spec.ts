import { expect, it } from 'vitest';
import { LeastRecentlyUsed } from './least-recently-used.ts';

/** After a thousand keys, the first of which is used all the time. A look is a use, so each is made at a cache of its own. */
const hasKept = (n: number): boolean => {
  const cache = new LeastRecentlyUsed<number>(100);
  for (let i = 0; i < 1_000; i++) {
    cache.set(`k${i}`, i);
    cache.get('k0');
  }
  return cache.get(`k${n}`) === n;
};

it('keeps the half that was used last, and never more than its limit', () => {
  const kept = Array.from({ length: 1_000 }, (_, n) => n).filter(hasKept);
  expect(kept.length).toBeLessThanOrEqual(100);
  expect(kept).toEqual(expect.arrayContaining([0, ...Array.from({ length: 49 }, (_, i) => 951 + i)]));
});

it('gives what was set last, also of a key that stands in both halves', () => {
  const cache = new LeastRecentlyUsed<number>(4);
  cache.set('a', 1);
  cache.set('b', 1);
  cache.set('a', 2);
  expect(cache.get('a')).toBe(2);
  cache.clear();
  expect(cache.get('a')).toBeUndefined();
});
