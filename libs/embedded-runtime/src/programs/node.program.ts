import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { askHttp } from './http-readiness.ts';
import type { ProgramSpec } from './program.ts';

export interface NodeProgramOptions {
  readonly name: string;
  /** The built file to run. */
  readonly file: string;
  readonly projectRoot: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /**
   * A file that may come and go: a JSON object with further environment for the starts that find it. For what a test has a process begin with,
   * such as another clock.
   */
  readonly envFile?: string;
}

const nodeMajorMin = 24;

/** Megabytes of heap. On a machine with much memory V8 would let garbage stand until there are gigabytes of it: a rebuild lives on 18 MB, and grew with the length of the log. */
const heapMegabytesMax = 384;

/** In percent of what is alive. Left to itself V8 takes a heap that may not grow much for one that must be collected at every third more: then the collector took 15 % of a busy process. */
const heapGrowthPercent = 200;

/**
 * Some twenty processes share a laptop's cores: threads that help one of them to collect its garbage take the core from another, and wait
 * for each other. Measured on 2 busy cores, a replay of 500 documents: 8.1 and 8.3 documents/s without, 9.1 and 9.7 with, in turn.
 */
export const v8Flags: readonly string[] = [
  '--single-threaded-gc',
  `--heap-growing-percent=${heapGrowthPercent}`,
  `--max-old-space-size=${heapMegabytesMax}`,
];

/** One of our own processes. Ready when its `/health/ready` says so. */
export function nodeProgram({ name, file, projectRoot, listen, env, dataDir, envFile }: NodeProgramOptions): ProgramSpec {
  return {
    name,
    command: nodeCommand(projectRoot),
    args: [...v8Flags, file],
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      NODE_ENV: 'production',
      TZ: 'UTC',
      // What one start has compiled, the next one reads.
      NODE_COMPILE_CACHE: join(projectRoot, 'node_modules/.cache/evenkeel-compiled'),
      EVENKEEL_LISTEN: `${listen.host}:${listen.port}`,
      ...(process.env['EVENKEEL_LOG_LEVEL'] === undefined ? {} : { EVENKEEL_LOG_LEVEL: process.env['EVENKEEL_LOG_LEVEL'] }),
      ...env,
    },
    envOfThisStart: () => (envFile !== undefined && existsSync(envFile) ? furtherEnv(envFile) : {}),
    cwd: projectRoot,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 120_000, // an agent is ready only when the mirrors are there, and a busy machine's MirrorMaker takes its time
    prepare: async () => void (await mkdir(dataDir, { recursive: true })),
    ready: () => askHttp(`http://${listen.host}:${listen.port}/health/ready`),
  };
}

const furtherEnv = (file: string): Readonly<Record<string, string>> =>
  z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));

/** The Node that runs us, or the one that npm installed when ours is too old. */
export function nodeCommand(projectRoot: string): string {
  const installed = join(projectRoot, 'node_modules', '.bin', 'node');
  const ownMajor = Number(process.versions.node.split('.')[0]);
  return ownMajor >= nodeMajorMin || !existsSync(installed) ? process.execPath : installed;
}
