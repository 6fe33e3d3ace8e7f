import { expect, it } from 'vitest';
import { faultTimes } from './faults.ts';

it('a fault strikes after a warm third, and lasts a third unless it says how long', () => {
  expect(faultTimes({ seconds: 90, warmUpSeconds: 0 }, undefined)).toEqual({ strikeMs: 30_000, remedyMs: 60_000 });
  expect(faultTimes({ seconds: 90, warmUpSeconds: 10 }, 20_000)).toEqual({ strikeMs: 40_000, remedyMs: 60_000 });
});
