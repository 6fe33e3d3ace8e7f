import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultKinds } from './fault-kinds.ts';
import { pairsMany } from './matrix.ts';

const main = join(import.meta.dirname, '..', 'chaos.main.ts');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-chaos-main-'));
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ seed: 5, finished: [] }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command as npm runs it; none of these starts a system. */
const chaos = (...args: string[]) =>
  spawnSync(process.execPath, ['--conditions=source', main, ...args], { encoding: 'utf8', cwd: folder, timeout: 50_000 });

it('lists the matrix, every line of it, and exits with 0', () => {
  const { status, stdout, stderr } = chaos('--list', '--seed', '3');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.trim().split('\n')).toHaveLength(faultKinds.length + pairsMany);
});

it.each([
  [['--seed', 'x'], '--seed'],
  [['--scenario', 'kill-everything'], 'no fault kill-everything; there are kill-kafka'],
  [['--resume', 'state.json', '--seed', '6'], 'state.json is of seed 5, not 6'],
])('exits with 2 and names what is wrong with %j', (args, named) => {
  const { status, stderr } = chaos(...args);
  expect(stderr).toContain(named);
  expect(status).toBe(2);
});
