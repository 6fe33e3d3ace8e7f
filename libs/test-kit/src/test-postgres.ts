import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresProgram, preparePostgresBinaries, unprivilegedUser } from '#embedded-runtime';
import { eventually } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { runProgram } from './run-program.ts';

export interface TestPostgres {
  readonly url: string;
  /** SIGKILL to the server, then a start on the same data. */
  crash(): Promise<void>;
  /** Stops it and deletes its data. */
  stop(): Promise<void>;
}

/** A real PostgreSQL of its own on a free port of the loopback address, with its data in a temporary directory. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const parent = await mkdtemp(join(tmpdir(), 'evenkeel-postgres-'));
  await chmod(parent, 0o711); // as root: the server's own user passes through
  const [port] = (await freePorts(1)) as [number];
  const user = await unprivilegedUser();
  const binaries = await preparePostgresBinaries();
  const spec = await postgresProgram({
    name: 'test.postgres',
    address: '127.0.0.1',
    port,
    dataDir: join(parent, 'data'),
    binaries,
    ...(user === undefined ? {} : { user }),
  });
  let program = await runProgram(spec);
  return {
    url: `postgres://evenkeel@127.0.0.1:${port}/evenkeel`,
    crash: async () => {
      program.signal('SIGSTOP'); // it starts no more of them
      const backends = await childrenOf(program.pid);
      await program.kill();
      // Its backends notice by themselves; until the last one has, their shared memory keeps a new server from starting.
      await eventually(() => !backends.some(isAlive));
      program = await eventually(() => runProgram(spec), { withinMs: 60_000 });
    },
    stop: async () => {
      await program.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

const childrenOf = (pid: number): Promise<readonly number[]> =>
  new Promise((resolve) => {
    execFile('pgrep', ['-P', String(pid)], { timeout: 5_000 }, (_error, stdout) => resolve(stdout.split('\n').filter(Boolean).map(Number)));
  });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // gone
  }
}
