import { readdir, readFile, rm } from 'node:fs/promises';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive, signalTree, untilGone } from './processes.ts';

/**
 * Who runs, on disk: one file per process, so that a supervisor that was killed leaves a trace by which the next one finds what it
 * left running. A process is named by pid and start time, for pids are used again.
 */
const recordSchema = z.object({ name: z.string(), pid: z.int().positive(), startedAt: z.string().min(1) });
export type RunRecord = Readonly<z.infer<typeof recordSchema>>;

const supervisorFile = 'supervisor.json';
const endTimeoutMs = 10_000;

const fileOf = (directory: string, name: string): string => join(directory, `${name}.json`);

/** Synchronous, so that nothing can happen between a start and its record but the death of this process. */
export function recordRunning(directory: string, record: RunRecord): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileOf(directory, record.name), `${JSON.stringify(record)}\n`);
}

export const forgetRunning = (directory: string, name: string): void => rmSync(fileOf(directory, name), { force: true });

/** The records whose process still runs. */
export async function stillRunning(directory: string): Promise<readonly RunRecord[]> {
  const records = await Promise.all((await filesIn(directory)).map(readRecord));
  const alive = await Promise.all(records.map(async (record) => record !== undefined && (await isAlive(record))));
  return records.filter((record, index): record is RunRecord => record !== undefined && alive[index] === true);
}

/** The supervisor that runs in this directory now, if any. */
export async function runningSupervisor(directory: string): Promise<RunRecord | undefined> {
  const record = await readRecord(join(directory, supervisorFile));
  return record !== undefined && (await isAlive(record)) ? record : undefined;
}

/** Ends all that an earlier supervisor left running, and clears the records. Returns what it ended. */
export async function endLeftovers(directory: string): Promise<readonly RunRecord[]> {
  const left = (await stillRunning(directory)).filter(({ name }) => `${name}.json` !== supervisorFile);
  await Promise.all(left.map(endTree));
  for (const file of await filesIn(directory)) await rm(file, { force: true });
  return left;
}

async function endTree(record: RunRecord): Promise<void> {
  // All at once and without asking: what survives a kill -9 of its supervisor must survive one itself.
  await untilGone(record.name, await signalTree(record.pid, 'SIGKILL'), endTimeoutMs);
}

async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.json')).map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined for a file that is gone, or torn because its writer died: such a record never named a process that could be found. */
async function readRecord(path: string): Promise<RunRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
