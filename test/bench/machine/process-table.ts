import { readdirSync, readFileSync } from 'node:fs';

/** What Linux says about one process. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** Of it and of those of its children that have ended: so the sum over a tree never falls. */
  readonly cpuMs: number;
  /** Resident bytes that are its own, and those that it shares with others: of files (code), and of shared memory (PostgreSQL's buffers). */
  readonly memory: { readonly anon: number; readonly file: number; readonly shared: number };
}

/** USER_HZ, which Linux promises to programs on every platform. */
const ticksPerSecond = 100;

/**
 * Every process of this machine, with one look at each: all at once and without a pause, which is the cheapest way to read hundreds of small
 * files and the nearest to one moment. @throws Error where there is no /proc
 */
export function processTable(): readonly ProcessRow[] {
  if (process.platform !== 'linux') throw new Error('processor time and memory are read from /proc: the bench runs on Linux only');
  const pids = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.map(rowOf).filter((row) => row !== undefined);
}

function rowOf(pid: number): ProcessRow | undefined {
  try {
    const [stat, status] = ['stat', 'status'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')) as [string, string];
    return { pid, ...parseStat(stat), memory: parseMemory(status) };
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined; // it has ended meanwhile, and its parent counts its time
  }
}

/** The name in brackets may hold blanks and brackets: fields are counted from the last one on. See proc(5). */
export function parseStat(stat: string): Pick<ProcessRow, 'parent' | 'cpuMs'> {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, ofChildrenUser, ofChildrenSystem] = fields.slice(11, 15).map(Number) as [number, number, number, number];
  return { parent: Number(fields[1]), cpuMs: ((user + system + ofChildrenUser + ofChildrenSystem) * 1000) / ticksPerSecond };
}

export function parseMemory(status: string): ProcessRow['memory'] {
  const bytes = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return { anon: bytes('RssAnon'), file: bytes('RssFile'), shared: bytes('RssShmem') };
}
