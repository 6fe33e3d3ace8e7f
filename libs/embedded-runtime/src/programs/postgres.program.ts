import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { processRow } from '../supervisor/processes.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { ProgramSpec } from './program.ts';
import { runAs, type RunAs, type SystemUser } from './unprivileged-user.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  /** Whom to run as when we are root. */
  readonly user?: SystemUser;
}

/** Small, and honest about durability: what PostgreSQL says is committed is on disk. */
export const postgresSettings = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '128MB',
  work_mem: '16MB',
  max_connections: 200,
  max_wal_size: '1GB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  io_method: 'sync', // no pool of I/O workers on two cores
  max_parallel_workers_per_gather: 0,
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  unix_socket_directories: '',
} as const;

const database = 'evenkeel';
const initdbTimeoutMs = 60_000;
const probeTimeoutMs = 1500;

/**
 * A region's PostgreSQL: database and user `evenkeel`, trusted on its own loopback address only. Initialised beside its place and
 * then renamed, so a first start that was interrupted leaves nothing half-made.
 */
export async function postgresProgram({ name, address, port, dataDir, binaries, user }: PostgresOptions): Promise<ProgramSpec> {
  const as: RunAs = user === undefined ? { prefix: [] } : await runAs(user, { program: binaries.postgres, directory: dirname(dataDir) });
  const cluster = join(dataDir, 'cluster');
  const [command, ...args] = [
    ...as.prefix,
    binaries.postgres,
    '-D',
    cluster,
    '-c',
    `listen_addresses=${address}`,
    '-p',
    String(port),
    ...Object.entries(postgresSettings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ] as [string, ...string[]];
  return {
    name,
    command,
    args,
    env: environment(),
    cwd: dataDir,
    ...(as.user === undefined ? {} : { user: as.user }),
    stopSignal: 'SIGINT', // "fast": open transactions are rolled back
    stopTimeoutMs: 15_000,
    startTimeoutMs: 60_000,
    prepare: async () => {
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      if (user !== undefined) await chown(dataDir, user.uid, user.gid);
      if (isRuin(cluster)) await rm(cluster, { recursive: true, force: true });
      if (existsSync(cluster)) await forgetDeadPostmaster(cluster);
      else await initialise({ dataDir, cluster, binaries, as });
    },
    ready: () => selectOne(address, port),
  };
}

/**
 * What is left of a folder that was deleted under a running server, which writes on for a while. It would never start on that, and nothing in
 * it is worth a person's time: all that PostgreSQL holds is computed from the logs.
 */
const isRuin = (cluster: string): boolean =>
  existsSync(cluster) && !['PG_VERSION', join('global', 'pg_control')].every((file) => existsSync(join(cluster, file)));

const environment = (): Record<string, string> => ({ PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' });

async function initialise({
  dataDir,
  cluster,
  binaries,
  as,
}: {
  dataDir: string;
  cluster: string;
  binaries: PostgresBinaries;
  as: RunAs;
}): Promise<void> {
  const fresh = join(dataDir, 'cluster.new');
  await rm(fresh, { recursive: true, force: true });
  const options = { cwd: dataDir, env: environment(), timeout: initdbTimeoutMs, ...as.user };
  const execute = (...[command, ...args]: readonly [string, ...string[]]): ReturnType<typeof run> => run(command, args, options);
  const through = (...words: readonly [string, ...string[]]): readonly [string, ...string[]] =>
    [...as.prefix, ...words] as [string, ...string[]];
  // Rows are ordered by bytes, the same on every machine: checksums of two regions are compared.
  await execute(...through(binaries.initdb, '-D', fresh, '-U', database, '--auth=trust', '--encoding=UTF8', '--locale=C'));
  await appendFile(join(fresh, 'pg_hba.conf'), 'host all all 127.0.0.0/8 trust\n');
  const single = execFile(
    through(binaries.postgres)[0],
    [...through(binaries.postgres).slice(1), '--single', '-D', fresh, 'postgres'],
    options,
  );
  single.stdin?.end(`create database ${database};\n`);
  let said = '';
  single.stderr?.on('data', (text: string) => (said = (said + text).slice(-4000)));
  const code = await new Promise<number | null>((resolve, reject) => single.once('error', reject).once('close', resolve));
  if (code !== 0 || /ERROR|FATAL|PANIC/.test(said)) throw new Error(`could not create database ${database}: ${said}`);
  await rename(fresh, cluster);
}

/**
 * A postmaster that was killed together with its supervisor can stay in the process table until somebody asks for its exit code
 * (in a container, perhaps never), and PostgreSQL takes its pid for a living server. Any other stale lock it recognises itself,
 * and it knows better: it also looks for backends that are left.
 */
async function forgetDeadPostmaster(cluster: string): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(lock, 'utf8').catch(() => ''), 10); // no lock: it was stopped in order
  if (Number.isInteger(pid) && existsSync(`/proc/${pid}`) && (await processRow(pid)) === undefined) await rm(lock);
}

async function selectOne(host: string, port: number): Promise<string | undefined> {
  const client = new Client({
    host,
    port,
    user: database,
    database,
    ssl: false,
    connectionTimeoutMillis: probeTimeoutMs,
    query_timeout: probeTimeoutMs,
    application_name: 'readiness',
  });
  client.on('error', () => undefined); // a connection that breaks after the answer changes nothing; before it, the query rejects
  try {
    await client.connect();
    await client.query('select 1');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    // Not awaited: a stopped postmaster would not answer the goodbye, and the answer is known already.
    client.end().catch(() => undefined);
  }
}
