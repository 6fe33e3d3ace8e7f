import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';

const run = promisify(execFile);
const lsofTimeoutMs = 10_000;

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

export type PortProblem =
  | { readonly problem: 'taken'; readonly at: Listen; readonly by: PortOwner | undefined }
  /** The machine has no such address: on macOS only 127.0.0.1 exists until an alias is made. */
  | { readonly problem: 'no-address'; readonly at: Listen };

/** Tries to listen at each address for a moment, and says why it could not. */
export async function findPortProblems(listens: readonly Listen[]): Promise<readonly PortProblem[]> {
  const problems = await Promise.all(
    listens.map(async (at): Promise<PortProblem | undefined> => {
      const code = await tryListen(at);
      if (code === undefined) return undefined;
      if (code === 'EADDRNOTAVAIL') return { problem: 'no-address', at };
      return { problem: 'taken', at, by: await portOwner(at) };
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** One line per program that is in the way, and one per address that the machine does not have. */
export function describePortProblems(problems: readonly PortProblem[]): readonly string[] {
  const lines = new Map<string, string[]>();
  for (const found of problems) {
    const why = reasonOf(found);
    lines.set(why, [...(lines.get(why) ?? []), `${found.at.host}:${found.at.port}`]);
  }
  return [...lines].map(([why, where]) => `${where.length === 1 ? 'port' : 'ports'} ${where.join(', ')}: ${why}`);
}

function reasonOf(found: PortProblem): string {
  if (found.problem === 'no-address') return `this machine has no address ${found.at.host}`;
  return found.by === undefined ? 'taken by a process of another user' : `taken by pid ${found.by.pid}: ${found.by.command}`;
}

function tryListen({ host, port }: Listen): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Who listens at an address, or at that port of all addresses. Undefined when the system does not tell us. */
export async function portOwner(at: Listen): Promise<PortOwner | undefined> {
  return (process.platform === 'linux' ? await ownerFromProc(at) : undefined) ?? (await ownerFromLsof(at));
}

async function ownerFromProc(at: Listen): Promise<PortOwner | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => ''))); // IPv6 may be off
  const inode = listeningInode(tables.join('\n'), at);
  if (inode === undefined) return undefined;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const descriptors = await readdir(`/proc/${entry}/fd`).catch(() => []); // gone, or another user's
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${entry}/fd/${descriptor}`).catch(() => '');
      if (target === `socket:[${inode}]`) return { pid: Number(entry), command: await commandOf(entry) };
    }
  }
  return undefined;
}

/** The socket that listens at an IPv4 address and port (or at the port of any address), from the text of /proc/net/tcp and tcp6. */
export function listeningInode(table: string, { host, port }: Listen): string | undefined {
  const little = host
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const isOurs = (local: string): boolean => {
    const [address = '', portOf] = local.split(':');
    return portOf === hexPort && (address.endsWith(little) || /^0+$/.test(address));
  };
  return rows.find((columns) => columns[3] === '0A' && isOurs(columns[1] ?? ''))?.[9];
}

async function commandOf(pid: string): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.replaceAll('\0', ' ').trim().slice(0, 200);
}

async function ownerFromLsof({ host, port }: Listen): Promise<PortOwner | undefined> {
  // `lsof` exits 1 when it finds nothing, and may be missing.
  const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpcn'], { timeout: lsofTimeoutMs }).catch(() => ({
    stdout: '',
  }));
  let pid = 0;
  let command = '';
  for (const line of stdout.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    if (line.startsWith('c')) command = line.slice(1);
    if (line === `n${host}:${port}` || line === `n*:${port}`) return { pid, command };
  }
  return undefined;
}
