import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planted, type Mutant } from './mutant.ts';

export const treeRoot = join(import.meta.dirname, '..', '..');

/** A copy of the tree as it is now, with one bug in it at a time: what is worked on is never touched. The packages are the tree's own. */
export class TreeCopy {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Everything that git knows or would know, so that what is not committed yet is tried too. */
  static make(root = treeRoot): TreeCopy {
    const path = mkdtempSync(join(tmpdir(), 'evenkeel-mutants-'));
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
    for (const file of new Set(listed.split('\0')))
      if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(path, file), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
    return new TreeCopy(path);
  }

  /** Runs `trial` with the bug in place, and takes it out again. @throws StaleMutantError */
  async with<T>(mutant: Mutant, trial: () => Promise<T>): Promise<T> {
    const path = join(this.path, mutant.file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, planted(mutant, text));
    try {
      return await trial();
    } finally {
      writeFileSync(path, text);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
