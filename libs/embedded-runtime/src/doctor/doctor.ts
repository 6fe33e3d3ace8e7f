import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isRoot } from '../programs/unprivileged-user.ts';

const run = promisify(execFile);

/** A program of the machine that the runtime needs and npm cannot bring. */
export interface Requirement {
  readonly what: 'Java 17 or newer' | 'Maven' | 'etcd' | 'PowerDNS' | 'Prometheus';
  readonly debian: readonly string[];
  readonly macos: readonly string[];
  isThere(): Promise<boolean>;
}

export const javaMajorMin = 17;
const probeTimeoutMs = 20_000;
const installTimeoutMs = 10 * 60_000;

const java: Requirement = {
  what: 'Java 17 or newer',
  debian: ['openjdk-17-jre-headless'],
  macos: ['openjdk@17'],
  isThere: async () => ((await javaMajor()) ?? 0) >= javaMajorMin,
};
const maven: Requirement = {
  what: 'Maven',
  debian: ['maven'],
  macos: ['maven'],
  isThere: () => Promise.resolve(onPath('mvn') !== undefined),
};
const etcd: Requirement = {
  what: 'etcd',
  debian: ['etcd-server', 'etcd-client'],
  macos: ['etcd'],
  isThere: () => Promise.resolve(onPath('etcd') !== undefined),
};

const powerDns: Requirement = {
  what: 'PowerDNS',
  debian: ['pdns-server', 'pdns-backend-bind'],
  macos: ['pdns'],
  isThere: () => Promise.resolve(powerDnsPath() !== undefined),
};

/** Brings promtool, which checks its rules. On Debian it may start as a service at port 9090, so the runtime's own listens elsewhere. */
const prometheus: Requirement = {
  what: 'Prometheus',
  debian: ['prometheus'],
  macos: ['prometheus'],
  isThere: () => Promise.resolve(['prometheus', 'promtool'].every((program) => onPath(program) !== undefined)),
};

/** What a system may have besides what it needs: `evenkeel up --with prometheus`. */
export type Extra = 'prometheus';
const extraRequirements: Readonly<Record<Extra, Requirement>> = { prometheus };
export const extras = Object.keys(extraRequirements) as readonly Extra[];

/** Maven is needed only as long as Kafka's jars are not here. */
export const requirements = (wanted: { readonly jarsArePresent: boolean; readonly extras?: readonly Extra[] }): readonly Requirement[] => [
  ...(wanted.jarsArePresent ? [java, etcd, powerDns] : [java, maven, etcd, powerDns]),
  ...(wanted.extras ?? []).map((extra) => extraRequirements[extra]),
];

/** Where systems keep servers, which is not on every user's PATH. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'] as const;

export const prometheusPath = (): string | undefined => onPath('prometheus');
export const powerDnsPath = (): string | undefined => onPath('pdns_server', serverFolders);

export function onPath(command: string, further: readonly string[] = []): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...further]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path));
}

/** The major version of the java that would run, or undefined when there is none. */
export async function javaMajor(): Promise<number | undefined> {
  const home = process.env['JAVA_HOME'];
  const command = home !== undefined && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : onPath('java');
  if (command === undefined) return undefined;
  const { stderr } = await run(command, ['-version'], { timeout: probeTimeoutMs }).catch(() => ({ stderr: '' })); // macOS has a java that only says there is none
  return parseJavaMajor(stderr);
}

/** `openjdk version "17.0.15" 2025-04-15` is 17, `java version "1.8.0_401"` is 8. */
export function parseJavaMajor(said: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(said);
  return match === null ? undefined : Number(match[1]);
}

export class MissingProgramsError extends Error {
  override readonly name = 'MissingProgramsError';
}

export interface DoctorOptions {
  readonly needed: readonly Requirement[];
  readonly report: (line: string) => void;
}

/**
 * Sees to it that the machine has what is needed. As root on Debian it installs what is missing and says so; elsewhere it says what
 * to install. @throws MissingProgramsError with the exact commands
 */
export async function ensurePrograms({ needed, report }: DoctorOptions): Promise<void> {
  const missing = await missingOf(needed);
  if (missing.length === 0) return;
  if (!isRoot() || process.platform !== 'linux' || onPath('apt-get') === undefined)
    throw new MissingProgramsError(adviceFor(missing, process.platform));
  const packages = missing.flatMap(({ debian }) => debian);
  report(`missing: ${missing.map(({ what }) => what).join(', ')}; installing with apt-get, as we are root: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env, timeout: installTimeoutMs });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      env,
      timeout: installTimeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    throw new MissingProgramsError(`apt-get could not install them: ${(cause as Error).message}\n${adviceFor(missing, process.platform)}`, {
      cause,
    });
  }
  const still = await missingOf(needed);
  if (still.length > 0) throw new MissingProgramsError(adviceFor(still, process.platform));
}

async function missingOf(needed: readonly Requirement[]): Promise<readonly Requirement[]> {
  const there = await Promise.all(needed.map((requirement) => requirement.isThere()));
  return needed.filter((_, index) => there[index] === false);
}

export function adviceFor(missing: readonly Requirement[], platform: NodeJS.Platform): string {
  const names = missing.map(({ what }) => what).join(', ');
  const debian = `sudo apt-get update && sudo apt-get install -y ${missing.flatMap((each) => each.debian).join(' ')}`;
  const macos = `brew install ${missing.flatMap((each) => each.macos).join(' ')}`;
  if (platform === 'darwin') return `This machine lacks ${names}. Install with:\n  ${macos}`;
  return `This machine lacks ${names}. Install on Debian or Ubuntu with:\n  ${debian}\non macOS with:\n  ${macos}`;
}

/** The command that gives a machine its missing loopback addresses (macOS knows only 127.0.0.1; Linux has them all). */
export const aliasCommand = (addresses: readonly string[]): string =>
  addresses.map((address) => `sudo ifconfig lo0 alias ${address} up`).join(' && ');
