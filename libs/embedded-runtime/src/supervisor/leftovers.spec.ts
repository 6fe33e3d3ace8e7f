import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLeftovers, forgetRunning, recordRunning, runningSupervisor, stillRunning } from './leftovers.ts';
import { processRow, processTree, startOf } from './processes.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'evenkeel-leftovers-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const sleeper = (): ReturnType<typeof spawn> => spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });

test('a recorded process that still runs is found, and ended; the records are cleared', async () => {
  const child = sleeper();
  const exited = once(child, 'exit');
  recordRunning(directory, { name: 'east.part', pid: child.pid!, startedAt: startOf(child.pid!) });
  expect((await stillRunning(directory)).map(({ name }) => name)).toEqual(['east.part']);
  expect((await endLeftovers(directory)).map(({ pid }) => pid)).toEqual([child.pid]);
  expect((await exited)[1]).toBe('SIGKILL');
  expect(await stillRunning(directory)).toEqual([]);
});

test('a pid that another process has now is not touched', async () => {
  recordRunning(directory, { name: 'east.part', pid: process.pid, startedAt: 'long ago' });
  expect(await endLeftovers(directory)).toEqual([]);
});

test('the supervisor of a directory is known while it runs, and is never a leftover', async () => {
  recordRunning(directory, { name: 'supervisor', pid: process.pid, startedAt: startOf(process.pid) });
  expect((await runningSupervisor(directory))?.pid).toBe(process.pid);
  forgetRunning(directory, 'supervisor');
  expect(await runningSupervisor(directory)).toBeUndefined();
});

test('a torn record is passed over, and a directory that never was is empty', async () => {
  await writeFile(join(directory, 'east.part.json'), '{"name":"east.pa');
  expect(await stillRunning(directory)).toEqual([]);
  expect(await endLeftovers(join(directory, 'none'))).toEqual([]);
});

test('a process is known by its start, and a tree holds its descendants', async () => {
  const child = sleeper();
  const exited = once(child, 'exit');
  expect((await processRow(child.pid!))?.startedAt).toBe(startOf(child.pid!));
  expect((await processTree(process.pid)).map(({ pid }) => pid)).toContain(child.pid);
  child.kill('SIGKILL');
  await exited;
  expect(await processRow(child.pid!)).toBeUndefined();
});
