import { expect, it } from 'vitest';
import { samplesIn, sumOf } from './scrape.ts';

const text = `# HELP orders Orders by {outcome}.
# TYPE orders counter
orders{outcome="placed",home="east"} 3
orders{outcome="placed",home="west"} 4

orders{outcome="a \\"b\\", c"} 1e3
up 1
`;

it('reads samples with their labels, and sums those that fit', () => {
  const samples = samplesIn(text);
  expect(samples.map(({ name, value }) => [name, value])).toEqual([
    ['orders', 3],
    ['orders', 4],
    ['orders', 1000],
    ['up', 1],
  ]);
  expect(samples[0]?.labels).toEqual({ outcome: 'placed', home: 'east' });
  expect(sumOf(samples, 'orders', { outcome: 'placed' })).toBe(7);
  expect(sumOf(samples, 'orders', { outcome: 'lost' })).toBe(0);
});

it('takes no line for a sample that is none', () => {
  expect(() => samplesIn('orders{outcome="placed" 3')).toThrow('no sample');
});
