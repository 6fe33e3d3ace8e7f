import { execFile } from 'node:child_process';
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

export interface MustReach {
  readonly program: string;
  /** An existing directory. */
  readonly directory: string;
}

/**
 * A clone below /root cannot be reached by another user. Then the program keeps root's right to pass through directories, and
 * nothing else of root: `setpriv` (util-linux) hands it two capabilities, which `access(2)` honours only without the usual fix-up
 * of capabilities at a change of user. Elsewhere (root on macOS) the error says what to do.
 */
export async function runAs(user: SystemUser, { program, directory }: MustReach): Promise<RunAs> {
  const plain = { uid: user.uid, gid: user.gid };
  if ((await succeeds([program, '--version'], plain)) && (await succeeds(['test', '-x', directory], plain)))
    return { user: plain, prefix: [] };
  const capabilities = '+dac_read_search,+dac_override';
  const prefix = [
    'setpriv',
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=-all,${capabilities}`,
    `--ambient-caps=${capabilities}`,
    '--',
  ] as const;
  if ((await succeeds([...prefix, program, '--version'])) && (await succeeds([...prefix, 'test', '-x', directory]))) return { prefix };
  throw new Error(
    `user "${user.name}" cannot run ${program} in ${directory}: put the project where every user may read it, or run it without root`,
  );
}

async function succeeds([command, ...args]: readonly [string, ...string[]], user: { uid?: number; gid?: number } = {}): Promise<boolean> {
  return run(command, args, { ...user, timeout: timeoutMs, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
