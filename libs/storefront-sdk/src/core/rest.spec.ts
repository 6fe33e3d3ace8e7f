import { expect, it } from 'vitest';
import { afterAbandonedProbe, afterNotNow, afterSilence, restsAt, well, whileProbed } from './rest.ts';

const settings = { firstRestMs: 100, restMaxMs: 1_000 };

it('silence after silence rests for twice as long, up to a bound', () => {
  let [health, now] = [well, 0];
  const rests: number[] = [];
  for (let i = 0; i < 6; i++) {
    health = afterSilence(health, now, settings);
    if (health.situation === 'resting') [now, rests[i]] = [health.untilMs, health.untilMs - now];
  }
  expect(rests).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

it('"not now" rests as long as asked for, and does not grow', () => {
  expect(afterNotNow(0, 700, settings)).toEqual({ situation: 'resting', untilMs: 700, restMs: 100 });
  expect(afterNotNow(0, undefined, settings)).toMatchObject({ untilMs: 100 });
  expect(afterNotNow(0, 60_000, settings)).toMatchObject({ untilMs: 1_000 });
});

it('after the rest one try goes, and the others wait for it, no longer than it may take', () => {
  const rested = afterSilence(well, 0, settings);
  expect([restsAt(rested, 99), restsAt(rested, 100)]).toEqual([true, false]);
  const probed = whileProbed(rested, 100, 300);
  expect([restsAt(probed, 399), restsAt(probed, 400)]).toEqual([true, false]);
  expect(restsAt(afterAbandonedProbe(probed, 150), 150)).toBe(false);
  expect(whileProbed(rested, 50, 300)).toBe(rested);
  expect(whileProbed(well, 50, 300)).toBe(well);
});
