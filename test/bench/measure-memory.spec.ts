import { expect, it } from 'vitest';
import { bytesAtMarks } from './measure-memory.ts';

it('memory at a mark is the median of the looks shortly before it, of services only', () => {
  const looks = [5, 100, 300, 200, 900, 50].map((bytes, i) => ({ atMs: 10_000 * i, bytes: { 'east.order-service': bytes, bench: 1 } }));
  expect(bytesAtMarks(looks, [30_000, 50_000])).toEqual({ 'east.order-service': [200, 50] });
  expect(bytesAtMarks(looks, [500_000])).toEqual({ 'east.order-service': [Number.NaN] });
});
