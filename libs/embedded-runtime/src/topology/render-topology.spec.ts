import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { topologySchema } from '#contracts';
import { etcdMemberId } from '../links/etcd-dialer.ts';
import { projectRoot, runtimeHome } from '../runtime-home.ts';
import type { PartPlan, Plan } from '../supervisor/supervisor.ts';
import { planName } from '../supervisor/supervisor.ts';
import { renderLinks } from './render-links.ts';
import { renderPlan, type PlanOptions } from './plan.ts';
import { renderTopology } from './render-topology.ts';
import { readSystem, systemSchema, type System } from './system.ts';

const described = (): Promise<System> => readSystem(join(projectRoot(), 'deploy', 'topology', 'embedded.json'));
const options = (system: System): PlanOptions => ({
  system,
  home: runtimeHome('/nowhere'),
  projectRoot: '/project',
  postgres: { initdb: '/pg/initdb', postgres: '/pg/postgres' },
  user: undefined,
  dns: { command: '/dns/server' },
  createTopics: () => Promise.resolve(),
});
const planOf = (system: System): Promise<Plan> => renderPlan(options(system));
const partsOf = (plan: Plan): readonly PartPlan[] => plan.filter((item) => item.kind === 'part');

describe('the topology that processes read', () => {
  test('keeps the contract, and dials other regions through links at its own address', async () => {
    const topology = renderTopology(await described());
    expect(topologySchema.parse(JSON.parse(JSON.stringify(topology)))).toEqual(topology);
    expect(topology.regions['east']).toMatchObject({
      kafka: { brokers: ['127.0.0.2:9092'] },
      services: { storefront: ['http://127.0.0.2:8080'] },
      peers: { west: { order: ['http://127.0.0.2:18081'] } },
    });
    expect(topology.dns).toEqual({ name: 'shop.evenkeel.test', servers: { east: '127.0.0.2:1053', west: '127.0.0.3:1053' } });
  });

  test('names every instance, with its own port and its own link', async () => {
    const topology = renderTopology({ ...(await described()), instances: 2, agents: 2 });
    expect(topology.regions['west']).toMatchObject({
      services: { order: ['http://127.0.0.3:8081', 'http://127.0.0.3:8181'], agent: ['http://127.0.0.3:8084', 'http://127.0.0.3:8184'] },
      peers: { east: { order: ['http://127.0.0.3:18081', 'http://127.0.0.3:18181'] } },
    });
  });

  test('active-passive is the same system with one home; timing is passed on', async () => {
    const system = await readSystem(join(projectRoot(), 'deploy', 'topology', 'active-passive.json'));
    expect({ ...system, homes: ['east', 'west'] }).toEqual(await described());
    expect(renderTopology({ ...system, timing: { drainMs: 10 } })).toMatchObject({ homes: ['east'], timing: { drainMs: 10 } });
  });

  test('a description with two regions at one address, or with a home that is no region, is refused', async () => {
    const system = await described();
    const [east, west] = system.regions as [System['regions'][number], System['regions'][number]];
    expect(systemSchema.safeParse({ ...system, regions: [east, { ...west, address: east.address }] }).success).toBe(false);
    expect(systemSchema.safeParse({ ...system, homes: ['north'] }).success).toBe(false);
  });
});

describe('the links', () => {
  test('every URL that a region dials in another is where a link listens, and leads to where that service listens', async () => {
    const system = { ...(await described()), instances: 2 };
    const links = renderLinks(system, () => new Map());
    const topology = renderTopology(system);
    for (const [here, addresses] of Object.entries(topology.regions))
      for (const [there, peers] of Object.entries(addresses.peers))
        for (const service of ['order', 'inventory', 'payment'] as const)
          peers[service].forEach((url, instance) => {
            const link = links.find(({ listen }) => `http://${listen.host}:${listen.port}` === url);
            expect(link).toMatchObject({ kind: 'tcp', from: here, to: there });
            expect(topology.regions[there]!.services[service][instance]).toBe(`http://${link!.target.host}:${link!.target.port}`);
          });
  });

  test("a region whose etcd member is of no use asks the other region's, over a link", async () => {
    const system = await described();
    const links = renderLinks(system, () => new Map());
    const { east, west } = renderTopology(system).regions;
    expect(east!.etcd).toEqual(['http://127.0.0.2:2379', 'http://127.0.0.2:12379']);
    const link = links.find(({ listen }) => listen.host === '127.0.0.2' && listen.port === 12_379);
    expect(link).toMatchObject({ kind: 'tcp', from: 'east', to: 'west' });
    expect(west!.etcd[0]).toBe(`http://${link!.target.host}:${link!.target.port}`);
  });

  test("the peer link of an etcd member knows the others by the ids that etcd derives from their links' URLs", async () => {
    const links = renderLinks(await described(), () => new Map());
    const witness = links.find(({ name }) => name === 'etcd witness');
    const east = etcdMemberId(['http://127.0.0.2:12380'], 'evenkeel');
    expect(witness?.kind === 'etcd-peer' && [...witness.dialers.keys()]).toContain(east);
    expect(witness).toMatchObject({ listen: { host: '127.0.0.4', port: 12_380 }, target: { port: 2380 } });
  });

  test('no two things listen at one address', async () => {
    const system = { ...(await described()), instances: 9 };
    const listens = [
      ...renderLinks(system, () => new Map()).map(({ listen }) => listen),
      ...partsOf(await planOf(system)).flatMap((part) => part.listens),
    ];
    const texts = listens.map(({ host, port }) => `${host}:${port}`);
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
  });
});

describe('the plan', () => {
  test('has every program of both regions, of the witness and outside; each after what it needs', async () => {
    const plan = await planOf(await described());
    const names = plan.map(planName);
    expect(names.filter((name) => name.startsWith('east.')).sort()).toEqual([
      'east.dns',
      'east.etcd',
      'east.inventory-projector',
      'east.inventory-service',
      'east.kafka',
      'east.mirror-maker',
      'east.order-projector',
      'east.order-service',
      'east.payment-projector',
      'east.payment-service',
      'east.postgres',
      'east.region-agent',
      'east.region-agent-2',
      'east.storefront-api',
      'east.topics',
    ]);
    expect(names).toEqual(expect.arrayContaining(['witness.etcd', 'payment-sandbox']));
    for (const [index, item] of plan.entries()) for (const need of item.needs) expect(names.indexOf(need)).toBeLessThan(index);
  });

  test('more instances are more services, and no more projectors; agents have a number of their own', async () => {
    const names = (await planOf({ ...(await described()), instances: 2, agents: 3 })).map(planName);
    expect(names).toEqual(
      expect.arrayContaining(['east.order-service', 'east.order-service-2', 'west.storefront-api-2', 'west.region-agent-3']),
    );
    expect(names.filter((name) => name.endsWith('projector-2'))).toEqual([]);
  });

  test('a machine without a DNS server runs the rest', async () => {
    const system = await described();
    const dns = { missing: 'PowerDNS is not installed' };
    const plan = await renderPlan({ ...options(system), dns });
    expect(partsOf(plan).filter(({ missing }) => missing?.() === dns.missing)).toHaveLength(2);
  });

  test('a process that is not built is missing, and says which file', async () => {
    const part = partsOf(await planOf(await described())).find(({ spec }) => spec.name === 'west.order-projector');
    expect(part?.missing?.()).toBe('dist/processes/order-service/projector.js is not built');
    expect(part?.spec.env).toMatchObject({ EVENKEEL_REGION: 'west', EVENKEEL_INSTANCE: '1', EVENKEEL_LISTEN: '127.0.0.3:8091' });
  });
});
