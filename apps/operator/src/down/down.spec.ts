import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { isAlive, processTree, runtimeHome } from '#embedded-runtime';
import { stopRuntime } from './down.verb.ts';

afterEach(() => vi.unstubAllEnvs());

/** A runtime that is asked to stop: its record goes first, its process a second later. */
const slowToEnd = `
  process.on('SIGTERM', () => { require('node:fs').rmSync(process.argv[1]); setTimeout(() => process.exit(), 1_000); });
  setInterval(() => undefined, 1_000);
  console.log('runs');
`;

it('has not stopped a runtime before its process is gone, though its record is', async () => {
  const home = await mkdtemp(join(tmpdir(), 'evenkeel-down-'));
  vi.stubEnv('EVENKEEL_HOME', home);
  const { run } = runtimeHome();
  const record = join(run, 'supervisor.json');
  await mkdir(run, { recursive: true });
  const child = spawn(process.execPath, ['-e', slowToEnd, record], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const { pid, startedAt } = (await processTree(child.pid!))[0]!;
    await writeFile(record, JSON.stringify({ name: 'supervisor', pid, startedAt }));
    expect(await stopRuntime()).toBe(pid);
    expect(existsSync(record)).toBe(false);
    expect(await isAlive({ pid, startedAt })).toBe(false);
  } finally {
    child.kill('SIGKILL');
    await rm(home, { recursive: true, force: true });
  }
});
