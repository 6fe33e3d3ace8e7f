import { describe, expect, it } from 'vitest';
import type { Mutant } from './mutant.ts';
import { chosen } from './mutants-options.ts';
import { isProof, pageWith, tableText, trialsText } from './mutants-text.ts';
import type { Trial } from './run-mutants.ts';

const mutant = (name: string): Mutant => {
  return { name, breaks: 'a | b', said: 'ADR 1', file: 'a.ts', find: 'a', replace: 'b', caughtBy: ['model'] };
};
const caught: Trial = { mutant: mutant('one'), seconds: 1.6, fate: 'caught', by: 'model', test: 'it holds', message: 'seed 3:\n<lost>' };
const survived: Trial = { mutant: mutant('longer'), seconds: 12, fate: 'survived' };
const unclear: Trial = { mutant: mutant('two'), seconds: 3, fate: 'unclear', because: 'no end' };

it('is a proof when all are caught, and there were some', () => {
  expect(isProof([caught])).toBe(true);
  expect(isProof([caught, survived])).toBe(false);
  expect(isProof([caught, unclear])).toBe(false);
  expect(isProof([])).toBe(false);
});

it('a terminal shows each in a line, and the sum', () => {
  expect(trialsText([caught, survived])).toBe(
    ['one        2 s  caught by model, it holds', 'longer    12 s  SURVIVED', '1 of 2 mutants are caught'].join('\n'),
  );
});

describe('the table of the docs', () => {
  const table = tableText([caught, survived, unclear], { date: '2026-11-27', machine: '2 cores' });

  it('says when and where it was seen', () => expect(table.split('\n')[0]).toBe('1 of 3 mutants are caught (2026-11-27, 2 cores).'));

  it('has a row for each, and nothing in a cell breaks it', () => {
    expect(table.split('\n').slice(4)).toEqual([
      '| `one` | a \\| b (ADR 1) | `a.ts` | model: it holds | seed 3: &lt;lost> | 2 |',
      '| `longer` | a \\| b (ADR 1) | `a.ts` | **SURVIVED** |  | 12 |',
      '| `two` | a \\| b (ADR 1) | `a.ts` | **unclear: no end** |  | 3 |',
    ]);
  });

  it('stands between its marks on the page, in the place of what was there', () => {
    const page = 'Before.\n\n<!-- written by `npm run mutants` -->\n\nold\n\n<!-- end of what was written -->\n\nAfter.\n';
    const written = pageWith(page, 'new');
    expect(written).toBe(page.replace('old', 'new'));
    expect(pageWith(written, 'new')).toBe(written);
    expect(() => pageWith('a page without marks', 'new')).toThrow('no place for the table');
  });
});

it('a name that is none of a mutant is said so, and nothing is tried', () => {
  expect(chosen([caught.mutant, survived.mutant], ['longer'])).toEqual([survived.mutant]);
  expect(chosen([caught.mutant], undefined)).toEqual([caught.mutant]);
  expect(() => chosen([caught.mutant], ['other', 'one'])).toThrow('no such mutant: other');
});
