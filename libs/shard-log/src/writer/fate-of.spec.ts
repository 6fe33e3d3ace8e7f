import { expect, it } from 'vitest';
import { east, segment, west } from '../core/reading.fixture.ts';
import { fateOf } from './fate-of.ts';

const paired = segment(1, west, 0);

it.each([
  ['open while it is not settled', [paired], 5, undefined],
  ['global in a paired segment, where only a receipt settles', [paired], 6, 'global'],
  ['regional in a solo one', [segment(1, west, 0, 'solo')], 6, 'regional'],
  ['stranded past the next base', [paired, segment(2, east, 5, 'solo')], 5, 'stranded'],
  ['regional when its owner closed the term and went on alone', [paired, segment(2, west, 9, 'solo')], 9, 'regional'],
  ['global when the other region took over at a base that it had read', [paired, segment(2, east, 9, 'solo')], 9, 'global'],
  ['regional when its owner went on in a pair: the mirror reads up to the base only then', [paired, segment(2, west, 9)], 9, 'regional'],
] as const)('a decision is %s', (_, segments, settledSeq, fate) => {
  expect(fateOf(segments, settledSeq, 1, 6)).toBe(fate);
});

it('a refusal that rests on no commit stands wherever the shard does, once its lineage is known', () => {
  expect(fateOf([paired], 0, 1, 0)).toBe('global');
  expect(fateOf([segment(1, west, 0, 'solo')], 0, 1, 0)).toBe('regional');
  expect(fateOf([], 0, 1, 0)).toBeUndefined();
});
