import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catchers } from '../catchers.ts';
import { planted } from '../mutant.ts';
import { treeRoot } from '../tree-copy.ts';
import { allMutants } from './all-mutants.ts';

const textOf = (file: string): string => readFileSync(join(treeRoot, file), 'utf8');

describe('every mutant', () => {
  it('there are at least 25 of them, each with a name of its own', () => {
    expect(allMutants.length).toBeGreaterThanOrEqual(25);
    expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
  });

  it.each(allMutants)('$name is not stale: its text stands once, and another tree follows from it', (mutant) => {
    const text = textOf(mutant.file);
    expect(planted(mutant, text)).not.toBe(text);
  });

  it('no two plant the same bug', () => {
    const bugs = allMutants.map((mutant) => `${mutant.file}\n${planted(mutant, textOf(mutant.file))}`);
    expect(new Set(bugs).size).toBe(bugs.length);
  });

  it('is planted in production code', () => {
    const elsewhere = allMutants.filter(
      ({ file }) => !/^(apps|libs)\/[^/]+\/src\/.+\.ts$/.test(file) || /\.(spec|fixture|contract)\.ts$/.test(file),
    );
    expect(elsewhere.map(({ name, file }) => `${name}: ${file}`)).toEqual([]);
  });

  it('is to be caught by something that is there', () => {
    expect(allMutants.filter(({ caughtBy }) => caughtBy.length === 0)).toEqual([]);
    const paths = Object.values(catchers).flatMap((catcher): readonly string[] => ('paths' in catcher ? catcher.paths : []));
    expect(paths.filter((path) => !existsSync(join(treeRoot, path)))).toEqual([]);
  });
});
