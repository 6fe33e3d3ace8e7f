import { expect, it } from 'vitest';
import { region } from '#contracts';
import { PromotionHold, promotionHoldMs } from './promotion-hold.ts';

const east = region('east');
let nowMs = 1_000;
const held = (): PromotionHold => new PromotionHold(() => nowMs);

it('holds from when a promotion was asked for, until its wish stands in etcd', () => {
  const hold = held();
  expect(hold.holds(undefined)).toBe(false);
  hold.begin(undefined);
  expect(hold.holds(undefined)).toBe(true);
  expect(hold.holds({ region: east, overTerm: 4 })).toBe(false);
  expect(hold.holds({ region: east, overTerm: 4 })).toBe(false);
});

it('an earlier promotion’s wish does not end it, the next one’s does', () => {
  const hold = held();
  const earlier = { region: east, overTerm: 4 };
  hold.begin(earlier);
  expect(hold.holds(earlier)).toBe(true);
  expect(hold.holds({ region: east, overTerm: 1_000_009 })).toBe(false);
});

it('nor does it stand for ever: who asked may have given up', () => {
  const hold = held();
  hold.begin(undefined);
  nowMs += promotionHoldMs - 1;
  expect(hold.holds(undefined)).toBe(true);
  nowMs += 1;
  expect(hold.holds(undefined)).toBe(false);
});
