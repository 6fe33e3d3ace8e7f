import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { mirroredTopics, topicsOfARegion } from '#contracts';
import { dnsProgram, type DnsServerFound } from '../programs/dns.program.ts';
import { etcdProgram } from '../programs/etcd.program.ts';
import { kafkaProgram, type KafkaOptions } from '../programs/kafka.program.ts';
import { mirrorMakerProgram, type MirrorMakerOptions } from '../programs/mirror-maker.program.ts';
import { nodeProgram } from '../programs/node.program.ts';
import type { PostgresBinaries } from '../programs/postgres-binaries.ts';
import { postgresProgram } from '../programs/postgres.program.ts';
import type { SystemUser } from '../programs/unprivileged-user.ts';
import { pause } from '../supervisor/backoff.ts';
import type { RuntimeHome } from '../runtime-home.ts';
import type { PartPlan, Plan, StepPlan } from '../supervisor/supervisor.ts';
import { prometheusPart } from './prometheus-part.ts';
import { etcdMembers } from './render-links.ts';
import { agentsOf, instancePort, instancesOf, kafkaLinkPort, linkPort, type Place, type System } from './system.ts';

export interface PlanOptions {
  readonly system: System;
  readonly home: RuntimeHome;
  readonly projectRoot: string;
  readonly postgres: PostgresBinaries;
  /** Whom PostgreSQL runs as when we are root. */
  readonly user: SystemUser | undefined;
  readonly dns: DnsServerFound;
  /** The program, when the system is to be watched. */
  readonly prometheus?: string | undefined;
  readonly createTopics: (brokers: readonly string[], topics: ReturnType<typeof topicsOfARegion>) => Promise<void>;
}

/** Every program of the system, in an order in which each stands after what it needs. */
export async function renderPlan(options: PlanOptions): Promise<Plan> {
  const { system } = options;
  const stores = await Promise.all(system.regions.map((region) => storesOf(options, region)));
  const dns = system.regions.map((region) => dnsPart(options, region));
  const apps = system.regions.flatMap((region) => appsOf(options, region));
  const plan: Plan = [
    ...etcdMembers(system).map((member) => etcdPart(options, member)),
    ...dns, // early: until a client may ask, its checks are warm
    ...stores.flat(),
    sandboxPart(options),
    ...system.regions.map((region) => mirrorMakerPart(options, region)),
    ...apps,
    dnsAgreesStep(dns, apps),
  ];
  return options.prometheus === undefined ? plan : [...plan, prometheusPart({ ...options, command: options.prometheus, plan })];
}

const dataOf = ({ home }: PlanOptions, name: string): string => join(home.data, name);
const topicsStep = (region: Place): string => `${region.name}.topics`;

function etcdPart(options: PlanOptions, member: Place): PartPlan {
  const { etcdClient, etcdPeer } = options.system.ports;
  const members = etcdMembers(options.system);
  const dataDir = dataOf(options, `${member.name}.etcd`);
  return {
    kind: 'part',
    region: member.name,
    spec: etcdProgram({ system: options.system, member, members, dataDir }),
    needs: [],
    // One after the other: a leader that is told to stop hands over to another member, and waits long for one that is stopping too.
    stopsAfter: members.slice(members.indexOf(member) + 1).map(({ name }) => `${name}.etcd`),
    listens: [etcdClient, etcdPeer].map((port) => ({ host: member.address, port })),
    metrics: { job: 'etcd', service: 'etcd', at: { host: member.address, port: etcdClient } },
  };
}

function dnsPart(options: PlanOptions, region: Place): PartPlan {
  const name = `${region.name}.dns`;
  const { dns, system } = options;
  return {
    kind: 'part',
    region: region.name,
    spec: dnsProgram({
      system,
      region,
      templates: join(options.projectRoot, 'deploy', 'dns'),
      dataDir: dataOf(options, name),
      server: dns,
    }),
    needs: [],
    listens: [{ host: region.address, port: system.dns.port }],
    missing: () => ('missing' in dns ? dns.missing : undefined),
  };
}

/** Everything is up: only now is it known what DNS has to say. Gives up without a word: `status` shows which server says otherwise. */
function dnsAgreesStep(dns: readonly PartPlan[], apps: readonly PartPlan[]): StepPlan {
  return {
    kind: 'step',
    name: 'dns-agrees',
    needs: [...dns, ...apps].map(({ spec }) => spec.name),
    run: async (signal) => {
      const enough = AbortSignal.any([signal, AbortSignal.timeout(dnsAgreesWithinMs)]);
      for (const { spec } of dns.filter(({ missing }) => missing?.() === undefined))
        while (!enough.aborted && (await spec.ready()) !== undefined) await pause(dnsPollMs, enough);
    },
  };
}

const dnsAgreesWithinMs = 10_000;
const dnsPollMs = 200;

/** A region's log and tables, which stand on nothing else. */
async function storesOf(options: PlanOptions, region: Place): Promise<Plan> {
  const { system, postgres, user, createTopics } = options;
  const { ports } = system;
  const kafka = `${region.name}.kafka`;
  const database = `${region.name}.postgres`;
  const broker = brokerPlace(system, region);
  const step: StepPlan = {
    kind: 'step',
    name: topicsStep(region),
    region: region.name,
    needs: [kafka],
    run: (signal) => persistently(() => createTopics([`${region.address}:${ports.kafka}`], topicsOfARegion(system.partitions)), signal),
  };
  return [
    {
      kind: 'part',
      region: region.name,
      spec: kafkaProgram({ ...broker, dataDir: dataOf(options, kafka) }),
      needs: [],
      listens: [ports.kafka, ports.kafkaController, ...broker.links.map(({ port }) => port)].map((port) => ({
        host: region.address,
        port,
      })),
    },
    {
      kind: 'part',
      region: region.name,
      spec: await postgresProgram({
        name: database,
        address: region.address,
        port: ports.postgres,
        dataDir: dataOf(options, database),
        binaries: postgres,
        ...(user === undefined ? {} : { user }),
      }),
      needs: [],
      listens: [{ host: region.address, port: ports.postgres }],
    },
    step,
  ];
}

/** Where a region's broker listens, and under which addresses it is dialled. */
export function brokerPlace(system: System, region: Place): Omit<KafkaOptions, 'dataDir'> {
  const dialers = system.regions.filter(({ name }) => name !== region.name);
  const links = dialers.map((dialer) => {
    const port = kafkaLinkPort(system, region, dialer);
    return { dialler: dialer.name, port, advertised: { host: dialer.address, port: linkPort(system, dialer, region, port) } };
  });
  const { kafka: port, kafkaController: controllerPort } = system.ports;
  return { name: `${region.name}.kafka`, address: region.address, port, controllerPort, links };
}

/** What a region's MirrorMaker copies, from where to where. */
export function mirrorRoute(system: System, region: Place): Omit<MirrorMakerOptions, 'name' | 'dataDir'> {
  const sources = system.regions
    .filter((other) => other.name !== region.name)
    .map((other) => ({
      region: other.name,
      host: region.address,
      port: linkPort(system, region, other, kafkaLinkPort(system, other, region)),
    }));
  return { region: region.name, kafka: { host: region.address, port: system.ports.kafka }, sources, topics: mirroredTopics };
}

/** A broker that has just come up on a busy machine may leave a request without an answer: what can be done twice is tried again. */
async function persistently(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      if (tried === topicsTriesMax || signal.aborted) throw error;
      await pause(topicsRetryMs, signal);
    }
  }
}

const topicsTriesMax = 5;
const topicsRetryMs = 1000;

function mirrorMakerPart(options: PlanOptions, region: Place): PartPlan {
  const { system } = options;
  const name = `${region.name}.mirror-maker`;
  return {
    kind: 'part',
    region: region.name,
    spec: mirrorMakerProgram({ ...mirrorRoute(system, region), name, dataDir: dataOf(options, name) }),
    needs: system.regions.map(topicsStep),
    listens: [],
  };
}

/** Our own processes of a region. The number of instances is for what serves requests; the others are one of each. */
function appsOf(options: PlanOptions, region: Place): readonly PartPlan[] {
  const { ports } = options.system;
  const stores = [`${region.name}.postgres`, topicsStep(region), `${region.name}.etcd`];
  const many = (app: string, port: number, needs: readonly string[], instances = instancesOf(options.system)): readonly PartPlan[] =>
    instances.map((instance) =>
      nodePart(options, { app, entry: 'main', name: app, region, port: instancePort(port, instance), instance, needs }),
    );
  const projector = (service: string, port: number): PartPlan =>
    nodePart(options, {
      app: `${service}-service`,
      entry: 'projector',
      name: `${service}-projector`,
      region,
      port,
      instance: 1,
      needs: stores,
    });
  return [
    ...many('region-agent', ports.agent, stores, agentsOf(options.system)),
    projector('order', ports.orderProjector),
    projector('inventory', ports.inventoryProjector),
    projector('payment', ports.paymentProjector),
    ...many('order-service', ports.order, stores),
    ...many('inventory-service', ports.inventory, stores),
    ...many('payment-service', ports.payment, [...stores, 'payment-sandbox']),
    ...many('storefront-api', ports.storefront, stores),
  ];
}

interface NodePart {
  readonly app: string;
  readonly entry: 'main' | 'projector';
  readonly name: string;
  readonly region: Place;
  readonly port: number;
  readonly instance: number;
  readonly needs: readonly string[];
}

function nodePart(options: PlanOptions, { app, entry, name, region, port, instance, needs }: NodePart): PartPlan {
  const partName = `${region.name}.${name}${instance === 1 ? '' : `-${instance}`}`;
  const env = {
    EVENKEEL_TOPOLOGY: options.home.topology,
    EVENKEEL_REGION: region.name,
    EVENKEEL_INSTANCE: String(instance),
    ...(app === 'region-agent' ? agentEnvironment(options.home) : {}),
  };
  const listen = { host: region.address, port };
  return nodePartPlan(options, { name: partName, service: name, region: region.name, app, entry, listen, env, needs });
}

/** What agents alone are given: their token, and the webhook that whoever started us named. */
function agentEnvironment(home: RuntimeHome): Readonly<Record<string, string>> {
  const webhook = Object.entries(process.env).filter(([name, value]) => name.startsWith('EVENKEEL_WEBHOOK_') && value !== undefined);
  return { EVENKEEL_AGENT_TOKEN_FILE: home.agentToken, ...(Object.fromEntries(webhook) as Record<string, string>) };
}

function sandboxPart(options: PlanOptions): PartPlan {
  const { address, paymentSandbox } = options.system.outside;
  const name = 'payment-sandbox';
  const env = { EVENKEEL_TOPOLOGY: options.home.topology, EVENKEEL_SANDBOX_DATA: dataOf(options, name) };
  return nodePartPlan(options, {
    name,
    region: 'outside',
    app: name,
    entry: 'main',
    listen: { host: address, port: paymentSandbox },
    env,
    needs: [],
  });
}

interface NodePartPlan {
  readonly name: string;
  /** What it is one of, if it tells Prometheus about itself. */
  readonly service?: string;
  readonly region: string;
  readonly app: string;
  readonly entry: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly env: Readonly<Record<string, string>>;
  readonly needs: readonly string[];
}

function nodePartPlan(options: PlanOptions, { name, service, region, app, entry, listen, env, needs }: NodePartPlan): PartPlan {
  const file = join(options.projectRoot, 'dist', 'processes', app, `${entry}.js`);
  const envFile = join(options.home.env, `${name}.json`);
  return {
    kind: 'part',
    region,
    spec: nodeProgram({ name, file, projectRoot: options.projectRoot, listen, env, dataDir: dataOf(options, name), envFile }),
    needs,
    listens: [listen],
    url: `http://${listen.host}:${listen.port}`,
    ...(service === undefined ? {} : { metrics: { job: 'evenkeel' as const, service, at: listen } }),
    missing: () => (existsSync(file) ? undefined : `${relative(options.projectRoot, file)} is not built`),
  };
}
