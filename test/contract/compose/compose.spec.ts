import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mirroredTopics, topologySchema } from '#contracts';
import { projectRoot, scrapeConfigs, scrapeTargets } from '#embedded-runtime';
import { overlaid, readCompose, schemaErrors, type ComposeFile, type ComposeService } from './compose.file.ts';
import { deployment, textOf } from './deployment.ts';
import { driftsOf, type Deployment } from './drift.ts';
import { expectation, leaves, tracesTo, type Expectation } from './expectation.ts';

const { compose } = deployment();
const service = (of: ComposeFile, name: string): ComposeService => of.services[name]!;
const addressOf = (name: string): string => service(compose, name).networks['outside']?.ipv4_address ?? '';

let expected: Expectation;
beforeAll(async () => {
  expected = await expectation((region) => ({ storefront: addressOf(`${region}-storefront-api`), dns: addressOf(`${region}-dns`) }));
});

describe('the containers and the embedded runtime', () => {
  it('have the same processes, with the same settings, ports, topics and variables', () => {
    expect(driftsOf(deployment(), expected)).toEqual([]);
  });

  it('an exported trace is all that the other topology file adds', () => {
    const read = (name: string): object => JSON.parse(textOf(`deploy/compose/${name}`)) as object;
    const [plain, traced] = [read('topology.json'), read('topology-traced.json')];
    expect(traced).toEqual({ ...plain, telemetry: { otlpUrl: tracesTo } });
    expect(topologySchema.parse(plain)).toEqual(plain);
    expect(topologySchema.parse(traced)).toMatchObject(traced);
  });

  const planted: readonly [string, (to: Deployment) => unknown, readonly unknown[]][] = [
    [
      'a port',
      ({ compose }) => (service(compose, 'east-order-service').environment['EVENKEEL_LISTEN'] = '0.0.0.0:8099'),
      ['east-order-service: EVENKEEL_LISTEN is "0.0.0.0:8099"; the embedded runtime has "0.0.0.0:8081"'],
    ],
    [
      'a published port',
      ({ compose }) => (service(compose, 'west-storefront-api').ports = ['8180:8081']),
      [
        'west-storefront-api: 8180:8081 is published beyond this machine',
        'west-storefront-api: 8180:8081 is published, but it listens at 8080',
      ],
    ],
    [
      'a topic',
      changed('deploy/compose/west-mirror-maker.properties', 'payment\\\\.events', 'payments\\\\.events'),
      [
        'west-mirror-maker: east->west.topics is "order\\\\\\\\.events,inventory\\\\\\\\.events,payments\\\\\\\\.events,receipts"; the embedded runtime has "order\\\\\\\\.events,inventory\\\\\\\\.events,payment\\\\\\\\.events,receipts"',
      ],
    ],
    [
      'the number of partitions of a topic',
      changed('deploy/compose/topology.json', '"partitions": 2', '"partitions": 6'),
      ['deploy/compose/topology.json: partitions is "6"; the embedded runtime has "2"'],
    ],
    [
      'a variable that is not set',
      ({ compose }) => delete service(compose, 'west-region-agent-2').environment['EVENKEEL_AGENT_TOKEN_FILE'],
      ['west-region-agent-2: EVENKEEL_AGENT_TOKEN_FILE is missing; the embedded runtime has "/run/evenkeel/region-agent.token"'],
    ],
    [
      'a variable of nobody',
      ({ compose }) => (service(compose, 'east-payment-service').environment['EVENKEEL_REGOIN'] = 'east'),
      ['east-payment-service: EVENKEEL_REGOIN is not known to the embedded runtime'],
    ],
    [
      "an image's version",
      ({ compose }) => (service(compose, 'west-kafka').image = 'apache/kafka:4.2.0'),
      ['west-kafka: image is "apache/kafka:4.2.0"; the embedded runtime has "apache/kafka:4.3.0"'],
    ],
    [
      "a broker's setting",
      ({ compose }) => (service(compose, 'east-kafka').environment['KAFKA_MESSAGE_MAX_BYTES'] = '1048576'),
      ['east-kafka: KAFKA_MESSAGE_MAX_BYTES is "1048576"; the embedded runtime has "8388608"'],
    ],
    [
      'a listener',
      ({ compose }) => (service(compose, 'west-kafka').environment['KAFKA_ADVERTISED_LISTENERS'] = 'REGION://kafka.west:9092'),
      [
        'west-kafka: KAFKA_ADVERTISED_LISTENERS is "REGION://kafka.west:9092"; the embedded runtime has "REGION://kafka.west:9092,LINK_EAST://kafka.west.link:9094"',
      ],
    ],
    [
      "an argument of etcd's",
      ({ compose }) => (service(compose, 'witness-etcd').environment['ETCD_ELECTION_TIMEOUT'] = '1000'),
      ['witness-etcd: ETCD_ELECTION_TIMEOUT is "1000"; the embedded runtime has "500"'],
    ],
    [
      "a setting of PostgreSQL's",
      ({ compose }) => (service(compose, 'east-postgres').command![1] = '-cfsync=off'),
      ['east-postgres: fsync is "off"; the embedded runtime has "on"'],
    ],
    [
      'a record of DNS',
      changed('deploy/compose/dns/east/storefront.zone', 'timeout=1,', 'timeout=9,'),
      [expect.stringMatching(/^east-dns: storefront\.zone: line \d+ is .*timeout=9/)],
    ],
    [
      'a missing process',
      ({ compose }) => delete compose.services['west-payment-projector'],
      ['west-payment-projector: no such service; the embedded runtime has the process'],
    ],
    [
      'another process than the name says',
      ({ compose }) => (service(compose, 'west-order-projector').command = ['dist/processes/order-service/main.js']),
      [
        'west-order-projector: command is "node --single-threaded-gc --heap-growing-percent=200 --max-old-space-size=384 dist/processes/order-service/main.js"; the embedded runtime has "node --single-threaded-gc --heap-growing-percent=200 --max-old-space-size=384 dist/processes/order-service/projector.js"',
      ],
    ],
    [
      'a way across that is not the link',
      ({ compose }) => (service(compose, 'east-postgres').networks['link'] = {}),
      ['east-postgres: networks is "east, link"; the embedded runtime has "east"'],
    ],
    [
      'a name that nobody answers to',
      ({ compose }) => (service(compose, 'east-etcd').networks['link'] = {}),
      ['east-etcd: aliases: link is missing; the embedded runtime has "etcd.east.link"'],
    ],
    [
      'data that does not outlive its container',
      ({ compose }) => (service(compose, 'east-kafka').volumes = []),
      ['east-kafka: nothing is mounted at /var/lib/kafka/data'],
    ],
    [
      'an end that comes too early',
      ({ compose }) => (service(compose, 'east-kafka').stop_grace_period = '5s'),
      ['east-kafka: stop_grace_period is 5s; the embedded runtime waits 15000 ms'],
    ],
  ];

  it.each(planted)('planted: %s, and nothing else is reported', (_, plant, drifts) => {
    const drifted = deployment();
    plant(drifted);
    expect(driftsOf(drifted, expected)).toEqual(drifts);
  });
});

/** @throws Error for a text that does not hold what is to be changed */
function changed(path: string, from: string, to: string): (deployment: Deployment) => void {
  return ({ files }) => {
    if (!files[path]!.includes(from)) throw new Error(`${path} does not contain ${from}`);
    Object.assign(files, { [path]: files[path]!.replace(from, to) });
  };
}

describe('docker-compose.yml', () => {
  it('keeps the schema of the Compose Specification, which refuses what compose would', () => {
    const document = parse(textOf('docker-compose.yml'), { merge: true, maxAliasCount: -1 }) as { services: Record<string, object> };
    expect(schemaErrors(document)).toEqual([]);
    document.services['east-kafka'] = { ...document.services['east-kafka'], healthchek: {} };
    expect(schemaErrors(document).join()).toContain('healthchek');
  });

  it('east and west differ by name and address only', () => {
    const swapped = (text: string): string =>
      text.replaceAll(/east|west/gi, (word) => ({ east: 'west', west: 'east', EAST: 'WEST', WEST: 'EAST' })[word]!);
    const plain = (region: string): unknown => {
      const named = Object.entries(compose.services).filter(([name]) => name.startsWith(`${region}-`));
      const text = JSON.stringify(Object.fromEntries(named.map(([name, { ports, ...rest }]) => [name, { ...rest, ports: ports.length }])));
      const addressed = text.replaceAll(/10\.79\.0\.\d(\d)/g, '10.79.0.*$1');
      const own = addressed.replaceAll(/"CLUSTER_ID":"[^"]+"/g, '"CLUSTER_ID":"its own"');
      return JSON.parse(own.replaceAll(/"ETCD_INITIAL_CLUSTER":"[^"]+"/g, '"ETCD_INITIAL_CLUSTER":"the same"'));
    };
    expect(JSON.parse(swapped(JSON.stringify(plain('east'))))).toEqual(plain('west'));
  });

  it('every image is pinned to a patch version, or built here', () => {
    const images = Object.values(compose.services).map(({ image, build }) => (build === undefined ? image : 'built'));
    expect(images.filter((image) => image !== 'built' && !/^[a-z/-]+:v?\d+\.\d+(\.\d+)?$/.test(image))).toEqual([]);
    const thirdParty = Object.values(compose.services).filter(({ build }) => build === undefined);
    expect(thirdParty.filter(({ image }) => !/:v?\d+\.\d+\.\d+$/.test(image) && !image.startsWith('postgres:'))).toEqual([]);
  });

  it('every service says when it is well, comes back by itself, and cannot take all memory', () => {
    const without = (lacks: (service: ComposeService) => boolean): string[] =>
      Object.keys(compose.services).filter((name) => lacks(service(compose, name)));
    // The collector's image holds nothing that could ask it.
    expect(without(({ healthcheck }) => healthcheck?.test === undefined)).toEqual(['otel-collector']);
    expect(without(({ restart }) => restart !== 'unless-stopped')).toEqual([]);
    expect(without(({ mem_limit: limit }) => limit === undefined)).toEqual([]);
  });

  it('a MirrorMaker is well when its own cluster has what it mirrors', () => {
    for (const [here, there] of [['east', 'west'] as const, ['west', 'east'] as const]) {
      const test = service(compose, `${here}-mirror-maker`).healthcheck?.test?.join(' ');
      expect(test).toContain(`--bootstrap-server kafka.${here}:9092`);
      expect(mirroredTopics.map((topic) => `grep -qx ${there}.${topic}`).filter((asked) => test?.endsWith(asked))).toHaveLength(1);
    }
  });

  it('nothing waits for the other region, for what is not there, or for the health of what has no check', () => {
    const waits = Object.entries(compose.services).flatMap(([name, { depends_on: needs }]) =>
      Object.entries(needs).map(([need, { condition }]) => ({ name, need, condition })),
    );
    const regionOf = (name: string): string => /^(east|west)-/.exec(name)?.[1] ?? 'outside';
    expect(waits.filter(({ name, need }) => regionOf(need) !== 'outside' && regionOf(need) !== regionOf(name))).toEqual([]);
    expect(waits.filter(({ need }) => !(need in compose.services))).toEqual([]);
    const unhealthy = waits.filter(
      ({ need, condition }) => condition === 'service_healthy' && service(compose, need).healthcheck?.test === undefined,
    );
    expect(unhealthy).toEqual([]);
  });

  it('what is mounted is there: files of this project, read-only, or volumes that are declared', () => {
    for (const [name, { volumes }] of Object.entries(compose.services))
      for (const [source = '', , mode] of volumes.map((mount) => mount.split(':'))) {
        if (!source.startsWith('.')) expect(compose.volumes).toHaveProperty([source]);
        else expect({ name, source, mode, exists: existsSync(join(projectRoot(), source)) }).toMatchObject({ mode: 'ro', exists: true });
      }
  });

  it('the regions and the link lead nowhere else, and addresses that are given by hand are given to nobody else', () => {
    const { east, west, link, outside } = compose.networks;
    expect([east, west, link]).toEqual(Array.from({ length: 3 }, () => ({ internal: true })));
    expect(outside).toEqual({ ipam: { config: [{ subnet: '10.79.0.0/24', ip_range: '10.79.0.128/25' }] } });
    const fixed = Object.values(compose.services).flatMap(({ networks }) => networks['outside']?.ipv4_address ?? []);
    expect(new Set(fixed).size).toBe(4);
    expect(fixed.filter((address) => Number(address.split('.').at(-1)) >= 128)).toEqual([]);
  });
});

describe('what watches, by profile', () => {
  it('is not started unless it is asked for, and nothing waits for it', () => {
    const watchers = Object.keys(compose.services).filter((name) => service(compose, name).profiles.length > 0);
    expect(watchers).toEqual(['prometheus', 'grafana', 'otel-collector', 'jaeger']);
    const needed = Object.values(compose.services).flatMap(({ profiles, depends_on: needs }) =>
      profiles.length > 0 ? [] : Object.keys(needs),
    );
    expect(needed.filter((name) => watchers.includes(name))).toEqual([]);
  });

  it('Prometheus asks what the embedded runtime would have it ask, over networks that it is on', () => {
    const watched = expected.parts.map(({ spec, region, metrics }) => ({ name: spec.name, region, metrics }));
    const named = scrapeTargets(watched).map((target) => ({
      ...target,
      address: expected.names.of(target.address),
      instance: target.instance.replaceAll('.', '-'),
    }));
    const { scrape_configs: configs } = parse(textOf('deploy/prometheus/prometheus.yml')) as { scrape_configs: unknown[] };
    const inOrder = (all: object): string =>
      Object.entries(all)
        .toSorted(([one], [other]) => one.localeCompare(other))
        .join();
    const flat = (all: readonly unknown[]): unknown[] => all.map((each) => inOrder(leaves(each)));
    const sorted = (jobs: readonly unknown[]): unknown[] =>
      (jobs as readonly { static_configs: readonly unknown[] }[]).map(({ static_configs: all, ...job }) => ({
        ...job,
        all: new Set(flat(all)),
      }));
    expect(sorted(configs)).toEqual(sorted(scrapeConfigs(named)));
    const on = Object.keys(service(compose, 'prometheus').networks);
    const known = Object.entries(compose.services).flatMap(([name, { networks }]) =>
      Object.entries(networks).flatMap(([network, { aliases = [] }]) => (on.includes(network) ? [name, ...aliases] : [])),
    );
    expect(named.filter(({ address }) => !known.includes(address.split(':')[0]!))).toEqual([]);
  });

  it('traces find the collector, and leave it for the backend', () => {
    const collector = textOf('deploy/otel-collector/config.yaml');
    expect(tracesTo).toBe('http://otel-collector:4318');
    expect(collector).toContain('http: { endpoint: 0.0.0.0:4318 }');
    expect(collector).toContain(':-jaeger:4317}');
  });
});

describe('own-issuer.yml', () => {
  const override = textOf('deploy/compose/own-issuer.yml');
  const variables = { EVENKEEL_AGENT_TOKEN_FILE: './agent.token', EVENKEEL_TOPOLOGY_FILE: './topology.json' };

  it('asks for what it needs', () => {
    expect(() => readCompose(override)).toThrow(/EVENKEEL_(AGENT_TOKEN|TOPOLOGY)_FILE: .+/);
    for (const name of ['EVENKEEL_AGENT_TOKEN_FILE', 'EVENKEEL_TOPOLOGY_FILE'] as const)
      expect(() => readCompose(override, { ...variables, [name]: '' })).toThrow(`${name}: `);
  });

  it('starts no issuer, and gives every agent your token where it looks for it', () => {
    const together = overlaid(compose, readCompose(override, variables));
    expect(service(together, 'identity').profiles).toHaveLength(1);
    const agents = Object.keys(compose.services).filter((name) => name.includes('region-agent'));
    expect(agents).toHaveLength(4);
    for (const name of agents) {
      const { environment, secrets, volumes } = service(together, name);
      expect(environment['EVENKEEL_AGENT_TOKEN_FILE']).toBe(`/run/secrets/${secrets[0]}`);
      expect(volumes).toContain('./topology.json:/etc/evenkeel/topology.json:ro');
    }
  });
});
