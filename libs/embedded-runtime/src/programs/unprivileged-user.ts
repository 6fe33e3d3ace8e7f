import { execFile } from 'node:child_process';
import { constants } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeoutMs = 10_000;

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export const isRoot = (): boolean => process.getuid?.() === 0;

/** The user that PostgreSQL runs as when the runtime is root: `postgres`, made when there is none. Undefined when we are not root. */
export async function unprivilegedUser(): Promise<SystemUser | undefined> {
  if (!isRoot()) return undefined;
  // Two first starts at once would both try to make the user; one of them then finds it made.
  return (await lookUp('postgres')) ?? (await make('postgres'));
}

async function lookUp(name: string): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (which) => Number((await run('id', [which, name], { timeout: timeoutMs })).stdout)),
    );
    return { name, uid: uid!, gid: gid! };
  } catch {
    return undefined; // `id` fails for one reason that matters here: there is no such user
  }
}

async function make(name: string): Promise<SystemUser> {
  const failure = await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name], {
    timeout: timeoutMs,
  }).then(
    () => undefined,
    (error: Error) => error,
  );
  const user = await lookUp(name);
  if (user === undefined) throw new Error(`PostgreSQL does not run as root, and no user "${name}" could be made`, { cause: failure });
  return user;
}

/** How to run a command as a user: as plain uid and gid, or, where the user cannot reach the files, through a wrapper. */
export interface RunAs {
  readonly user?: { readonly uid: number; readonly gid: number };
  /** To stand before the command. */
  readonly prefix: readonly string[];
}

/**
 * A clone below /root cannot be reached by another user. Then the program keeps root's right to pass through directories, and
 * nothing else of root: `setpriv` (util-linux) hands it two capabilities. Elsewhere (root on macOS) the error says what to do.
 */
export async function runAs(user: SystemUser, probe: readonly [string, ...string[]]): Promise<RunAs> {
  const [command, ...args] = probe;
  const plain = { uid: user.uid, gid: user.gid };
  try {
    await run(command, args, { ...plain, timeout: timeoutMs, cwd: '/' });
    return { user: plain, prefix: [] };
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
  const capabilities = '+dac_read_search,+dac_override';
  const prefix = [
    'setpriv',
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    `--inh-caps=${capabilities}`,
    `--ambient-caps=${capabilities}`,
    '--',
  ];
  try {
    await run(prefix[0]!, [...prefix.slice(1), command, ...args], { timeout: timeoutMs, cwd: '/' });
    return { prefix };
  } catch (cause) {
    throw new Error(`user "${user.name}" cannot reach ${command}: put the project where every user may read it, or run it without root`, {
      cause,
    });
  }
}

const isDenied = (error: unknown): boolean => {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  return code === 'EACCES' || code === 126 || errno === -constants.errno.EACCES;
};
