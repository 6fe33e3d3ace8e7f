import { readFileSync } from 'node:fs';
import { regionSchema, type Region, type RegionAddresses, type Topology, topologySchema } from '#contracts';
import { z } from 'zod';
import { fieldErrorsOf } from './validation.ts';

/** What a process is told: all of it comes from four variables and the file that the first one names. */
export interface ProcessConfig {
  readonly topology: Topology;
  readonly region: Region;
  /** Addresses of this process's own region. */
  readonly addresses: RegionAddresses;
  /** 1, 2, …: tells instances of one program in one region apart. */
  readonly instance: number;
  readonly listen: { readonly host: string; readonly port: number };
}

/** The process cannot start as it was told to: the message names the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const listenSchema = z
  .string()
  .regex(/^.+:\d{1,5}$/, 'expected host:port')
  .transform((text) => ({ host: text.slice(0, text.lastIndexOf(':')), port: Number(text.slice(text.lastIndexOf(':') + 1)) }))
  .refine(({ port }) => port <= 65_535, 'expected a port up to 65535');

const variables = {
  EVENKEEL_TOPOLOGY: z.string().min(1),
  EVENKEEL_REGION: regionSchema,
  EVENKEEL_INSTANCE: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'expected an instance number, 1 to 999')
    .transform(Number),
  EVENKEEL_LISTEN: listenSchema,
} as const;

function variable<N extends keyof typeof variables>(env: NodeJS.ProcessEnv, name: N): z.output<(typeof variables)[N]> {
  const text = env[name];
  if (text === undefined || text === '') throw new ConfigError(`${name} is not set`);
  const result = variables[name].safeParse(text);
  if (!result.success) throw new ConfigError(`${name}: ${result.error.issues[0]?.message ?? 'not valid'} (got "${text}")`);
  return result.data as z.output<(typeof variables)[N]>;
}

/** Reads and checks the topology file. */
export function loadTopology(path: string): Topology {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`EVENKEEL_TOPOLOGY: cannot read ${path}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`EVENKEEL_TOPOLOGY: ${path} is not JSON`, { cause });
  }
  const result = topologySchema.safeParse(json);
  if (result.success) return result.data;
  const errors = fieldErrorsOf(result.error, 'topology').map(({ field, message }) => `${field}: ${message}`);
  throw new ConfigError(`EVENKEEL_TOPOLOGY: ${path} is not a topology: ${errors.join('; ')}`);
}

/** The only reader of the environment. @throws ConfigError */
export function loadProcessConfig(env: NodeJS.ProcessEnv): ProcessConfig {
  const topology = loadTopology(variable(env, 'EVENKEEL_TOPOLOGY'));
  const region = variable(env, 'EVENKEEL_REGION');
  const addresses = topology.regions[region];
  if (addresses === undefined)
    throw new ConfigError(`EVENKEEL_REGION: the topology has no region "${region}" (it has ${Object.keys(topology.regions).join(', ')})`);
  return { topology, region, addresses, instance: variable(env, 'EVENKEEL_INSTANCE'), listen: variable(env, 'EVENKEEL_LISTEN') };
}
