import { describe, expect, it } from 'vitest';
import { longestGapMs } from './longest-gap.ts';

describe('the longest gap', () => {
  it.each([
    { what: 'right after the fault', times: [90, 98, 400, 410, 420], gap: 300 },
    { what: 'later', times: [90, 110, 120, 620, 630], gap: 500 },
    { what: 'not one before the fault', times: [0, 99, 105, 110], gap: 5 },
    { what: 'whatever the order', times: [630, 110, 620, 120, 90], gap: 500 },
    { what: 'endless when nothing comes any more', times: [0, 99], gap: Number.POSITIVE_INFINITY },
  ])('is found $what', ({ times, gap }) => {
    expect(longestGapMs(times, 100)).toBe(gap);
  });
});
