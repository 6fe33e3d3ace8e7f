import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { powerDnsPath } from '../doctor/doctor.ts';
import type { Place, System } from '../topology/system.ts';
import type { ProgramSpec } from './program.ts';

const run = promisify(execFile);

/** The program, or why no DNS server can run on this machine. */
export type DnsServerFound = { readonly command: string } | { readonly missing: string };

const probeTimeoutMs = 5000;

/** Looks for a PowerDNS that can read zone files: some packages (Homebrew's) leave that backend out. */
export async function findDnsServer(): Promise<DnsServerFound> {
  const command = powerDnsPath();
  if (command === undefined) return { missing: 'PowerDNS is not installed' };
  // It answers, and ends with 99 all the same.
  const failed = ({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }): { stdout: string; stderr: string } => ({
    stdout,
    stderr,
  });
  const { stdout, stderr } = await run(command, ['--list-modules'], { timeout: probeTimeoutMs }).catch(failed);
  return /^bind\d?$/m.test(stdout + stderr) ? { command } : { missing: `${command} has no bind backend, which reads zone files` };
}

export interface DnsOptions {
  readonly system: Pick<System, 'homes' | 'regions' | 'dns' | 'ports'>;
  readonly region: Place;
  /** The folder `deploy/dns`. */
  readonly templates: string;
  readonly dataDir: string;
  readonly server: DnsServerFound;
}

const templateNames = ['pdns.conf', 'zones.conf', 'storefront.zone'] as const;
const askTimeoutMs = 1000;
/** The first question makes it check: one interval, and one check that hangs until its end. */
const warmAfterMs = 2100;
/** A Unix socket's path may have 103 bytes on macOS, 107 on Linux. */
const socketPathMaxBytes = 103;

/**
 * A region's PowerDNS: answers for the storefront's name with the addresses of all regions that say they serve, asked by itself once a
 * second over the clients' network. Ready means that a question over the wire is answered with just these addresses, so that its
 * checks are warm (the first answer after a start is an unchecked one), and a client never meets what readiness has not seen.
 *
 * How late it is: up to a second until the next check, up to another one when a region hangs instead of refusing, and the TTL of 1 s.
 */
export function dnsProgram(options: DnsOptions): ProgramSpec {
  const { region, dataDir, server, system } = options;
  let firstAnswerMs: number | undefined;
  return {
    name: `${region.name}.dns`,
    command: 'command' in server ? server.command : 'pdns_server',
    args: [`--config-dir=${dataDir}`],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TZ: 'UTC' },
    cwd: dataDir,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5000,
    startTimeoutMs: 30_000,
    prepare: async () => {
      firstAnswerMs = undefined;
      await prepare(options);
    },
    ready: async () => {
      const at = { host: region.address, port: system.dns.port };
      const [answered, serving] = await Promise.all([answerOf(at, system.dns.name), servingOf(system)]);
      if (typeof answered === 'string') return answered;
      firstAnswerMs ??= performance.now();
      if (performance.now() - firstAnswerMs < warmAfterMs) return 'its health checks are warming up';
      return answered.join() === serving.join() ? undefined : `answers ${answered.join(' and ')} while ${serving.join(' and ')} serve`;
    },
  };
}

async function prepare({ system, region, templates, dataDir }: DnsOptions): Promise<void> {
  const socketDirectory = socketDirectoryOf(dataDir);
  for (const directory of [dataDir, socketDirectory]) await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = await dnsFiles({ system, region, templates, directory: dataDir, socketDirectory, listen: region.address });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dataDir, name), text);
}

export interface DnsFilesOptions extends Pick<DnsOptions, 'system' | 'region' | 'templates'> {
  /** Where the server finds these files. */
  readonly directory: string;
  readonly socketDirectory: string;
  readonly listen: string;
  /** Where each region's server is asked, where that is not the region's address. */
  readonly serverOf?: (region: Place) => string;
}

/** A region's DNS server's files, by name. @throws Error for a template that asks for what has no value */
export async function dnsFiles(options: DnsFilesOptions): Promise<Readonly<Record<string, string>>> {
  const { system, region, templates, directory, socketDirectory, listen, serverOf = ({ address }: Place): string => address } = options;
  const zone = system.dns.name.slice(system.dns.name.indexOf('.') + 1);
  const server = (place: Place): string => `ns-${place.name}.${zone}.`;
  const quoted = (group: readonly Place[]): string => `{${group.map(({ address }) => `'${address}'`).join(',')}}`;
  const values: Readonly<Record<string, string>> = {
    directory,
    socketDirectory,
    address: listen,
    port: String(system.dns.port),
    zone,
    name: system.dns.name,
    primary: server(region),
    check: `http://${system.dns.name}:${system.ports.storefront}/health/serving`,
    nameServers: system.regions.map((each) => `@ IN NS ${server(each)}\n${server(each)} IN A ${serverOf(each)}`).join('\n'),
    // Several strings, for one may have 255 bytes.
    addressGroups: groupsOf(system)
      .map((group) => `                    "${quoted(group)},"`)
      .join('\n'),
    regions: system.regions.map(({ name, address }) => `${name}.${system.dns.name}. IN A ${address}`).join('\n'),
  };
  const filled = async (name: string): Promise<[string, string]> => [name, filledIn(await readFile(join(templates, name), 'utf8'), values)];
  return Object.fromEntries(await Promise.all(templateNames.map(filled)));
}

/** Regions that are homes first: one that only stands by is named when none of them serves. */
function groupsOf({ homes, regions }: DnsOptions['system']): readonly (readonly Place[])[] {
  const isHome = ({ name }: Place): boolean => homes.includes(name);
  return [regions.filter(isHome), regions.filter((region) => !isHome(region))].filter((group) => group.length > 0);
}

/** @throws Error for a name that has no value */
function filledIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a template of deploy/dns asks for {{${name}}}, which has no value`);
    return value;
  });
}

function socketDirectoryOf(dataDir: string): string {
  if (Buffer.byteLength(join(dataDir, 'pdns.controlsocket')) <= socketPathMaxBytes) return dataDir;
  return join(tmpdir(), `evenkeel-dns-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`);
}

/** The addresses of a name as the server says, in order; or what was wrong. */
async function answerOf(
  { host, port }: { readonly host: string; readonly port: number },
  name: string,
): Promise<readonly string[] | string> {
  const resolver = new Resolver({ timeout: askTimeoutMs, tries: 1 });
  resolver.setServers([`${host}:${port}`]);
  try {
    return (await resolver.resolve4(name)).toSorted();
  } catch (error) {
    return `${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The addresses that must be in the answer now: of the first group that has one that serves; all when none has. */
async function servingOf(system: DnsOptions['system']): Promise<readonly string[]> {
  const serving = new Set<string>();
  const ask = async ({ address }: Place): Promise<void> => {
    const url = `http://${address}:${system.ports.storefront}/health/serving`;
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(askTimeoutMs),
      redirect: 'error',
      headers: { connection: 'close' },
    }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 200) serving.add(address);
  };
  await Promise.all(system.regions.map(ask));
  const group = groupsOf(system).find((places) => places.some(({ address }) => serving.has(address))) ?? system.regions;
  const addresses = group.map(({ address }) => address).toSorted();
  return serving.size === 0 ? addresses : addresses.filter((address) => serving.has(address));
}
