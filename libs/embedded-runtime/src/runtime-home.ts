import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where one runtime keeps everything: EVENKEEL_HOME, else `.evenkeel` in the working directory. Two homes are two runtimes. */
export interface RuntimeHome {
  readonly root: string;
  /** One directory per part. */
  readonly data: string;
  readonly logs: string;
  /** Who runs: one file per process. */
  readonly run: string;
  /** Further environment for the next start of a part of ours, in a file with the part's name: see `nodeProgram`. */
  readonly env: string;
  readonly topology: string;
  readonly identityKey: string;
  /** What the region agents show to the services of other regions. */
  readonly agentToken: string;
  readonly controlSocket: string;
}

/** A Unix socket's path may have 103 bytes on macOS, 107 on Linux. */
const socketPathMaxBytes = 103;

export function runtimeHome(root: string = process.env['EVENKEEL_HOME'] ?? '.evenkeel'): RuntimeHome {
  const absolute = resolve(root);
  const socket = join(absolute, 'control.sock');
  const short = join(tmpdir(), `evenkeel-${createHash('sha256').update(absolute).digest('hex').slice(0, 16)}.sock`);
  return {
    root: absolute,
    data: join(absolute, 'data'),
    logs: join(absolute, 'logs'),
    run: join(absolute, 'run'),
    env: join(absolute, 'env'),
    topology: join(absolute, 'topology.json'),
    identityKey: join(absolute, 'data', 'identity', 'key.json'),
    agentToken: join(absolute, 'data', 'identity', 'region-agent.token'),
    controlSocket: Buffer.byteLength(socket) <= socketPathMaxBytes ? socket : short,
  };
}

/** The directory of the project, found from this file, which lies in it both as source and as built. */
export function projectRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (; directory !== dirname(directory); directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'evenkeel') return directory;
  }
  throw new Error('the package.json of evenkeel was not found above this file');
}
