import { describe, expect, it } from 'vitest';
import { planted, StaleMutantError, type Mutant } from './mutant.ts';

const mutant: Mutant = {
  name: 'less-instead-of-equal',
  breaks: 'a thing holds',
  said: 'somewhere',
  file: 'a.ts',
  find: 'a <= b',
  replace: 'a < b',
  caughtBy: ['model'],
};

describe('a bug is planted', () => {
  it('where its text stands, and nowhere else', () => expect(planted(mutant, 'if (a <= b) c();\n')).toBe('if (a < b) c();\n'));

  it('as it is written: no character of it means anything more', () =>
    expect(planted({ ...mutant, replace: '$& $1 $$' }, 'x a <= b y')).toBe('x $& $1 $$ y'));

  it('or not at all, when its text is gone', () => {
    expect(() => planted(mutant, 'if (b >= a) c();')).toThrow(StaleMutantError);
    expect(() => planted(mutant, 'if (b >= a) c();')).toThrow('less-instead-of-equal is stale: its text stands 0 times in a.ts, not once');
  });

  it('or not at all, when it is not clear which place is meant', () =>
    expect(() => planted(mutant, 'a <= b && a <= b')).toThrow('stands 2 times'));
});
