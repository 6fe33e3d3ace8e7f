import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { storableJson, storableText } from './columns.ts';

it('stores text and JSON without NUL and halves of surrogate pairs, and leaves everything else alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const stored = storableText(text);
      expect(stored.isWellFormed()).toBe(true);
      expect(stored).not.toContain('\0');
      expect(JSON.parse(storableJson({ text }))).toEqual({ text: stored });
      expect(stored === text).toBe(text.isWellFormed() && !text.includes('\0'));
    }),
    { seed: 20261121, numRuns: 50 },
  );
});

it('keeps a backslash before what only looks like an escape', () => {
  expect(JSON.parse(storableJson('\\u0000'))).toBe('\\u0000');
});
