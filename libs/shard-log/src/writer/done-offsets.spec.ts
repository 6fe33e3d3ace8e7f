import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DoneOffsets } from './done-offsets.ts';

it('advances only over what is done without a gap', () => {
  const offsets = new DoneOffsets();
  for (const offset of [7, 8, 9]) offsets.take(offset);
  expect(offsets.done(8)).toBeUndefined();
  expect(offsets.done(7)).toBe(9);
  expect(offsets.done(9)).toBe(10);
});

it('never advances past an open offset, whatever is delivered again and in whatever order things are done', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20))), (steps) => {
      const offsets = new DoneOffsets();
      const open = new Set<number>();
      let next = 0;
      let passed = 0;
      for (const [isTake, pick] of steps) {
        if (isTake) {
          const again = pick < 5 ? Math.max(0, next - pick) : next;
          for (let offset = again; offset <= next; offset++) {
            offsets.take(offset);
            if (offset >= passed && offset === next) open.add(offset);
          }
          next += 1;
        } else {
          const offset = [...open][pick % Math.max(1, open.size)];
          if (offset === undefined) continue;
          open.delete(offset);
          passed = offsets.done(offset) ?? passed;
        }
        for (const stillOpen of open) expect(stillOpen).toBeGreaterThanOrEqual(passed);
      }
      for (const offset of open) passed = offsets.done(offset) ?? passed;
      expect(passed).toBe(next);
    }),
  );
});
