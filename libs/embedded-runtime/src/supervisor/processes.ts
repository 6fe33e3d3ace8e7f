import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What the system says about running processes: /proc on Linux, `ps` elsewhere. A zombie counts as gone. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** With the pid it names one process for good: pids are used again. */
  readonly startedAt: string;
}

const run = promisify(execFile);
const psTimeoutMs = 5000;

export async function processRow(pid: number): Promise<ProcessRow | undefined> {
  return process.platform === 'linux' ? fromProc(pid) : (await fromPs(['-p', String(pid)]))[0];
}

export async function allProcesses(): Promise<readonly ProcessRow[]> {
  if (process.platform !== 'linux') return fromPs(['-A']);
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  return (await Promise.all(pids.map(fromProc))).filter((row) => row !== undefined);
}

/** When a child of ours started, asked without letting anything else happen; 'gone' when it has ended. */
export function startOf(pid: number): string {
  try {
    if (process.platform === 'linux') return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'))?.startedAt ?? 'gone';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: psTimeoutMs, encoding: 'utf8' }).trim();
  } catch {
    return 'gone';
  }
}

async function fromProc(pid: number): Promise<ProcessRow | undefined> {
  try {
    return parseStat(pid, await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // it has gone
  }
}

/** The name in brackets may hold blanks and brackets itself: the fields are counted from the last one on. See proc(5). */
function parseStat(pid: number, stat: string): ProcessRow | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { pid, parent: Number(fields[1]), startedAt: fields[19]! };
}

async function fromPs(which: readonly string[]): Promise<readonly ProcessRow[]> {
  // `ps` exits 1 when the asked process does not exist.
  const { stdout } = await run('ps', ['-o', 'pid=,ppid=,stat=,lstart=', ...which], { timeout: psTimeoutMs }).catch(() => ({ stdout: '' }));
  const rows = stdout.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line));
  return rows.flatMap((row) =>
    row === null || row[3]!.startsWith('Z') ? [] : [{ pid: Number(row[1]), parent: Number(row[2]), startedAt: row[4]! }],
  );
}

/** The process and all that descend from it, ancestors first. PostgreSQL's backends leave their parent's group, so a group is not enough. */
export const processTree = (root: number): Promise<readonly ProcessRow[]> => processTrees([root]);

async function processTrees(roots: readonly number[]): Promise<readonly ProcessRow[]> {
  const rows = await allProcesses();
  const trees = rows.filter(({ pid }) => roots.includes(pid));
  for (let index = 0; index < trees.length; index += 1) trees.push(...rows.filter(({ parent }) => parent === trees[index]!.pid));
  return trees;
}

/** Sends a signal to a process and all its descendants, and resolves to them. One that has gone meanwhile is no error. */
export const signalTree = (root: number, signal: NodeJS.Signals): Promise<readonly ProcessRow[]> => signalTrees([root], signal);

/**
 * The same for many at once: all processes are looked for first and then signalled without a pause between, descendants first, so that
 * none sees another one's end and does something about it. Those that were forked meanwhile are signalled in a further round. What is
 * to be killed is stopped first: nobody would find the child of a parent that died while it forked.
 */
export async function signalTrees(roots: readonly number[], signal: NodeJS.Signals): Promise<readonly ProcessRow[]> {
  if (signal === 'SIGKILL') {
    const stopped = await signalTrees(roots, 'SIGSTOP');
    for (const { pid } of stopped.toReversed()) signalOne(pid, signal);
    return stopped;
  }
  const signalled = new Map<number, ProcessRow>();
  for (let round = 0; round < roundsMax; round += 1) {
    const fresh = (await processTrees(roots)).filter(({ pid }) => !signalled.has(pid));
    if (fresh.length === 0) break;
    for (const { pid } of fresh.toReversed()) signalOne(pid, signal);
    for (const row of fresh) signalled.set(row.pid, row);
  }
  return [...signalled.values()];
}

/** Whether this very process runs: another one may have its pid by now. */
export const isAlive = async ({ pid, startedAt }: Pick<ProcessRow, 'pid' | 'startedAt'>): Promise<boolean> =>
  (await processRow(pid))?.startedAt === startedAt;

/** Resolves when none of them is left: a killed process dies when it next gets a core. @throws Error naming those left after `timeoutMs` */
export async function untilGone(whose: string, processes: readonly ProcessRow[], timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let left = processes;
  for (;;) {
    const alive = await Promise.all(left.map(isAlive));
    left = left.filter((_, index) => alive[index]);
    if (left.length === 0) return;
    const pids = left.map(({ pid }) => pid).join(', ');
    if (performance.now() > deadline) throw new Error(`${whose}: still there after ${timeoutMs} ms: ${pids}`);
    await pause(goneIsAskedEveryMs);
  }
}

const roundsMax = 5;
const goneIsAskedEveryMs = 10;

export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
