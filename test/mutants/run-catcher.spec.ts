import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCatcher } from './run-catcher.ts';
import { treeRoot } from './tree-copy.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A tree of one spec, by real vitest in processes of its own. */
async function verdictOn(spec: string, { withinMs = 50_000, signal = new AbortController().signal } = {}) {
  const cwd = mkdtempSync(join(tmpdir(), 'evenkeel-catcher-'));
  folders.push(cwd);
  symlinkSync(join(treeRoot, 'node_modules'), join(cwd, 'node_modules'));
  mkdirSync(join(cwd, 'specs'));
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(cwd, 'vitest.config.ts'),
    `export default { test: { projects: [{ test: { name: 'unit', include: ['**/*.spec.ts'] } }] } };`,
  );
  writeFileSync(join(cwd, 'specs', 'a.spec.ts'), `import { expect, it } from 'vitest';\n${spec}`);
  return runCatcher(
    { about: 'one spec', kind: 'specs', project: 'unit', paths: ['specs'], environment: { SEEDS: '7' } },
    { cwd, withinMs, signal },
  );
}

describe('a suite on the copy', () => {
  it('passes, with the environment that it is to have', async () => {
    expect(await verdictOn(`it('holds', () => expect(process.env['SEEDS']).toBe('7'));`)).toMatchObject({ verdict: 'passed', tests: 1 });
  });

  it('fails by the first test that does; one of the checks themselves is not asked', async () => {
    const spec = `it('the checks find a fault', () => expect(1).toBe(2)); it('holds', () => expect(3).toBe(4));`;
    expect(await verdictOn(spec)).toMatchObject({
      verdict: 'failed',
      test: 'holds',
      message: expect.stringContaining('expected 3 to be 4'),
    });
  });

  it('is unclear when it does not load', async () => {
    expect(await verdictOn(`missing();`)).toMatchObject({ verdict: 'unclear', because: expect.stringContaining('does not load') });
  });

  it('is ended, with all of its processes, when it is caught in a loop', async () => {
    const ended = await verdictOn(`it('goes on', () => { for (;;); });`, { withinMs: 4_000 });
    expect(ended).toMatchObject({ verdict: 'unclear', because: 'it did not end within 4 s' });
  });
});
