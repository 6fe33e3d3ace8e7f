import { expect, it } from 'vitest';
import { faultTimes } from './faults.ts';

it('a fault strikes after a warm third, and lasts a third unless it says how long', () => {
  expect(faultTimes(90, undefined)).toEqual({ strikeMs: 30_000, remedyMs: 60_000 });
  expect(faultTimes(90, 20_000)).toEqual({ strikeMs: 30_000, remedyMs: 50_000 });
});
