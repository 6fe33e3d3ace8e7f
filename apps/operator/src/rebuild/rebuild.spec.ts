import { expect, it } from 'vitest';
import type { RebuildAnswer } from '#contracts';
import { outcomeLine, progressLine } from './rebuild-lines.ts';
import { wantedAmong } from './rebuild-targets.ts';

const answer: RebuildAnswer = {
  projector: 'order',
  projections: ['orders', 'order-lines'],
  state: 'running',
  phase: 'loading',
  recordsRead: 450,
  recordsTotal: 1_000,
  recordsPerSecond: 21_300,
  secondsLeft: 75,
  differing: null,
  error: null,
};

it('says how far a rebuild is, how fast, and how long it will take', () => {
  expect(progressLine(answer)).toBe('order: loading 45%, 21,300 records/s, 1 min 15 s left');
  expect(progressLine({ ...answer, secondsLeft: null })).toContain('time left unknown');
  expect(progressLine({ ...answer, phase: 'comparing' })).toBe('order: comparing');
});

it('says what came of it', () => {
  expect(outcomeLine({ ...answer, state: 'done', differing: [] })).toContain('as they were');
  expect(outcomeLine({ ...answer, state: 'done', differing: ['orders'] })).toContain('these differed and are mended: orders');
  expect(outcomeLine({ ...answer, state: 'failed', error: 'no disk' })).toContain('no disk');
});

it('finds a projection by its name or its projector’s, and names what there is when there is none', () => {
  const known = [answer, { ...answer, projector: 'payment', projections: ['payments'] }].map((of) => ({
    part: `east.${of.projector}`,
    url: '',
    answer: of,
  }));
  expect(wantedAmong(known, 'order-lines').map(({ part }) => part)).toEqual(['east.order']);
  expect(wantedAmong(known, 'payment').map(({ part }) => part)).toEqual(['east.payment']);
  expect(wantedAmong(known, undefined)).toHaveLength(2);
  expect(() => wantedAmong(known, 'shipments')).toThrow('there are order, orders, order-lines, payment, payments');
});
