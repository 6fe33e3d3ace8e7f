import { expect, it } from 'vitest';
import { RebuildRate } from './rebuild-rate.ts';

it('tells the rate of the last ten seconds, and the time left at that rate', () => {
  const rate = new RebuildRate();
  expect(rate.at('loading')).toMatchObject({ recordsRead: 0, recordsPerSecond: 0, secondsLeft: 0 });
  rate.note(0, 1_000, 0);
  expect(rate.at('loading')).toMatchObject({ recordsTotal: 1_000, secondsLeft: undefined });
  rate.note(100, 1_000, 1_000);
  expect(rate.at('loading')).toMatchObject({ recordsRead: 100, recordsPerSecond: 100, secondsLeft: 9 });
  for (let second = 2; second <= 30; second++) rate.note(100 + second, 1_000, second * 1_000);
  expect(rate.at('loading').recordsPerSecond).toBeCloseTo(1, 5);
});

it('does not promise an end while nothing moves, and never more than was read', () => {
  const rate = new RebuildRate();
  rate.note(50, 100, 0);
  rate.note(50, 100, 5_000);
  expect(rate.at('loading').secondsLeft).toBeUndefined();
  rate.note(120, 100, 6_000); // read on while the ends were asked
  expect(rate.at('comparing')).toMatchObject({ recordsRead: 120, recordsTotal: 120, secondsLeft: 0 });
});
