import { expect, it } from 'vitest';
import { SeenKeys } from './seen-keys.ts';

const order = (n: number): string => `orders\0ord_${n.toString(36).padStart(26, 'a')}`;

it('finds every key that was added, and hardly any other', () => {
  const seen = new SeenKeys();
  for (let n = 0; n < 200_000; n++) seen.add(order(n));
  let missed = 0;
  for (let n = 0; n < 200_000; n++) if (!seen.mayHave(order(n))) missed++;
  expect(missed).toBe(0);
  let mistaken = 0;
  for (let n = 200_000; n < 400_000; n++) if (seen.mayHave(order(n))) mistaken++;
  expect(mistaken).toBeLessThan(20); // 200,000 × (1 - e^(-4 × 200,000 / 2^24))^4 is 1
});

it('tells whether a key is added for the first time', () => {
  const seen = new SeenKeys();
  expect(seen.mayHave('a')).toBe(false);
  expect([seen.add('a'), seen.add('b'), seen.add('a')]).toEqual([true, true, false]);
});
