import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { StaleMutantError, type Mutant } from './mutant.ts';
import { TreeCopy } from './tree-copy.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const each of made.splice(0)) each.remove();
});

/** A repository with a tracked file, one that is new, one that is ignored, and packages. */
function copied(): { readonly root: string; readonly copy: TreeCopy } {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-tree-'));
  made.push({ remove: () => rmSync(root, { recursive: true }) });
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  mkdirSync(join(root, 'libs'));
  writeFileSync(join(root, 'libs', 'a.ts'), 'a <= b\n');
  execFileSync('git', ['add', '--all'], { cwd: root });
  writeFileSync(join(root, '.gitignore'), 'dist\nnode_modules\n');
  writeFileSync(join(root, 'libs', 'new.ts'), 'new\n');
  for (const folder of ['dist', 'node_modules']) {
    mkdirSync(join(root, folder));
    writeFileSync(join(root, folder, 'file.js'), 'built\n');
  }
  const copy = TreeCopy.make(root);
  made.push(copy);
  return { root, copy };
}

const mutant: Mutant = {
  name: 'less',
  breaks: 'it holds',
  said: 'there',
  file: 'libs/a.ts',
  find: '<=',
  replace: '<',
  caughtBy: ['model'],
};

it('holds what git knows or would know, and reaches the packages', () => {
  const { copy } = copied();
  const holds = ['libs/a.ts', 'libs/new.ts', 'node_modules/file.js', 'dist/file.js'].filter((path) => existsSync(join(copy.path, path)));
  expect(holds).toEqual(['libs/a.ts', 'libs/new.ts', 'node_modules/file.js']);
});

it('has the bug in it during the trial only, also when that fails; the tree itself never has', async () => {
  const { root, copy } = copied();
  const text = (path = copy.path): string => readFileSync(join(path, mutant.file), 'utf8');
  expect(await copy.with(mutant, () => Promise.resolve([text(), text(root)]))).toEqual(['a < b\n', 'a <= b\n']);
  await expect(copy.with(mutant, () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
  expect(text()).toBe('a <= b\n');
  await expect(copy.with({ ...mutant, find: '==' }, () => Promise.resolve())).rejects.toThrow(StaleMutantError);
});

it('leaves nothing behind, and takes none of the packages with it', () => {
  const { root, copy } = copied();
  copy.remove();
  expect([existsSync(copy.path), existsSync(join(root, 'node_modules', 'file.js'))]).toEqual([false, true]);
});
