/**
 * In what the containers differ from the embedded runtime: one line for each difference, by name. Empty when there is none. A function of
 * what it is given, so that a test can plant a drift and see it found.
 */
import { relative } from 'node:path';
import type { PartPlan } from '#embedded-runtime';
import type { ComposeFile, ComposeService } from './compose.file.ts';
import { ContainerNames, homeOf, kindOf, nameOf, portIn, serviceOf } from './container-names.ts';
import { home, inProject, leaves, places, properties, type Expectation, type Settings } from './expectation.ts';

export interface Deployment {
  readonly compose: ComposeFile;
  /** Text of every file that a container is given, by its path in the project. */
  readonly files: Readonly<Record<string, string>>;
  /** ENTRYPOINT and ENV of each target of the Dockerfile. */
  readonly targets: Readonly<Record<string, { readonly entrypoint: readonly string[]; readonly env: Settings }>>;
}

type Check = (deployment: Deployment, expected: Expectation) => readonly string[];

export const driftsOf: Check = (deployment, expected) =>
  [processes, images, brokers, mirrorMakers, databases, etcds, dnsServers, nodes, topology, networks, publishedPorts, stops].flatMap(
    (check) => check(deployment, expected),
  );

function differences(where: string, found: Readonly<Record<string, string | undefined>>, expected: Settings): readonly string[] {
  const wanted = Object.entries(expected).flatMap(([key, value]) => {
    if (!(key in found)) return [`${where}: ${key} is missing; the embedded runtime has ${JSON.stringify(value)}`];
    return found[key] === value
      ? []
      : [`${where}: ${key} is ${JSON.stringify(found[key])}; the embedded runtime has ${JSON.stringify(value)}`];
  });
  const surplus = Object.keys(found).filter((key) => !(key in expected));
  return [...wanted, ...surplus.map((key) => `${where}: ${key} is not known to the embedded runtime`)];
}

const isWatcher = ({ profiles }: ComposeService): boolean => profiles.length > 0;
const kind = (expected: Expectation, ...kinds: readonly string[]): readonly PartPlan[] =>
  expected.parts.filter((part) => kinds.includes(kindOf(part)));
const isNode = ({ spec }: PartPlan): boolean => spec.args.some((argument) => argument.startsWith(`${inProject}/dist/processes/`));

/** The service of each part that has one, which `processes` sees to. */
const eachOf = (
  { compose }: Deployment,
  parts: readonly PartPlan[],
  of: (part: PartPlan, service: ComposeService, name: string) => readonly string[],
): readonly string[] =>
  parts.flatMap((part) => {
    const service = compose.services[serviceOf(part)];
    return service === undefined ? [] : of(part, service, serviceOf(part));
  });

const processes: Check = ({ compose }, { parts }) => {
  const expected = [...parts.map(serviceOf), 'identity']; // the runtime serves identity itself
  const found = Object.keys(compose.services).filter((name) => !isWatcher(compose.services[name]!));
  return [
    ...expected.filter((name) => !found.includes(name)).map((name) => `${name}: no such service; the embedded runtime has the process`),
    ...found.filter((name) => !expected.includes(name)).map((name) => `${name}: the embedded runtime has no such process`),
  ];
};

const images: Check = (deployment, expected) =>
  eachOf(deployment, kind(expected, ...Object.keys(expected.images)), (part, { image }, name) =>
    differences(name, { image }, { image: expected.images[kindOf(part)]! }),
  );

const brokers: Check = (deployment, expected) =>
  eachOf(deployment, kind(expected, 'kafka'), ({ region }, { environment, volumes }, name) => [
    ...differences(name, environment, { ...expected.brokers.get(region)!, KAFKA_HEAP_OPTS: expected.heaps['kafka']! }),
    ...mounted(name, volumes, places.kafka),
  ]);

const mirrorMakers: Check = (deployment, expected) =>
  eachOf(deployment, kind(expected, 'mirror-maker'), ({ region }, { command = [], environment, volumes }, name) => {
    const [program, file = '', ...rest] = command;
    const flags = rest.join(' ');
    return [
      ...differences(name, environment, { KAFKA_HEAP_OPTS: expected.heaps['mirror-maker']! }),
      ...differences(name, { program, flags }, { program: '/opt/kafka/bin/connect-mirror-maker.sh', flags: `--clusters ${region}` }),
      ...differences(name, properties(fileAt(deployment, volumes, file)), expected.mirrors.get(region)!),
    ];
  });

const databases: Check = (deployment, expected) =>
  eachOf(deployment, kind(expected, 'postgres'), (_, { command = [] }, name) =>
    differences(
      name,
      properties(
        command
          .slice(1)
          .map((argument) => argument.replace(/^-c/, ''))
          .join('\n'),
      ),
      expected.postgres,
    ),
  );

/** etcd takes each flag from a variable too: `--initial-cluster` is ETCD_INITIAL_CLUSTER. */
const etcds: Check = (deployment, expected) =>
  eachOf(deployment, kind(expected, 'etcd'), ({ spec }, { environment, volumes }, name) => {
    const told = spec.args.map((argument): [string, string] => {
      const [flag, value] = [argument.slice(2, argument.indexOf('=')), argument.slice(argument.indexOf('=') + 1)];
      const variable = `ETCD_${flag.toUpperCase().replaceAll('-', '_')}`;
      if (flag === 'data-dir') return [variable, places.etcd];
      return [variable, flag.startsWith('listen-') ? ContainerNames.listening(value) : expected.names.of(value)];
    });
    const { PATH: _path, ...environmentOfPart } = spec.env;
    return [
      ...differences(name, environment, { ...Object.fromEntries(told), ...environmentOfPart }),
      ...mounted(name, volumes, places.etcd),
    ];
  });

const dnsServers: Check = (deployment, expected) =>
  eachOf(deployment, kind(expected, 'dns'), ({ region }, { volumes }, name) =>
    Object.entries(expected.dns.get(region)!).flatMap(([file, text]) =>
      differences(`${name}: ${file}`, lines(fileAt(deployment, volumes, `${places.dns}/${file}`)), lines(text)),
    ),
  );

const lines = (text: string): Settings => Object.fromEntries(text.split('\n').map((line, index) => [`line ${index + 1}`, line]));

/** Set by nobody but whoever starts the agents: the runtime hands them on just so. */
const handedOn = /^EVENKEEL_WEBHOOK_/;

const nodes: Check = (deployment, expected) =>
  eachOf(deployment, expected.parts.filter(isNode), ({ spec }, service, name) => {
    const target = deployment.targets[service.build?.target ?? ''];
    if (target === undefined) return [`${name}: the Dockerfile has no target ${service.build?.target ?? ''}`];
    const args = spec.args.map((argument) => (argument.startsWith('/') ? relative(inProject, argument) : argument));
    const command = [...target.entrypoint, ...(service.command ?? [])].join(' ');
    const isHandedOn = ([variable, value]: [string, string | undefined]): boolean => value === undefined && handedOn.test(variable);
    const environment = Object.fromEntries(Object.entries(service.environment).filter((entry) => !isHandedOn(entry)));
    const own = environmentOf(spec.env);
    return [
      ...differences(name, { command }, { command: ['node', ...args].join(' ') }),
      ...differences(name, { ...target.env, ...environment }, own),
      ...Object.values(own).flatMap((value) => (value.startsWith('/') ? mounted(name, service.volumes, value) : [])),
    ];
  });

/** Without what a container has by itself or has no use for, and what whoever runs this has in the environment. */
function environmentOf(env: Settings): Settings {
  const inContainer: Settings = {
    [home.topology]: places.topology,
    [home.agentToken]: places.agentToken,
    [`${home.data}/payment-sandbox`]: places.sandbox,
  };
  const kept = Object.entries(env).filter(([name]) => !/^(PATH|NODE_COMPILE_CACHE|EVENKEEL_LOG_LEVEL|EVENKEEL_WEBHOOK_\w+)$/.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, inContainer[value] ?? ContainerNames.listening(value)]));
}

const topologyFile = 'deploy/compose/topology.json';

const topology: Check = ({ files }, expected) =>
  differences(topologyFile, leaves(JSON.parse(files[topologyFile] ?? '{}')), expected.topology);

/** Those that dial another region, besides what is dialled there: the runtime's links know only from which region. */
const dialsAcross = /^(mirror-maker|storefront-api|region-agent(-\d)?)$/;

const networks: Check = (deployment, expected) =>
  eachOf(deployment, expected.parts, (part, service, name) => {
    const own = homeOf(part, expected.system);
    const isCrossed = expected.names.crossed.has(part.spec.name);
    const wanted = new Set([own, ...(isCrossed || dialsAcross.test(kindOf(part)) ? ['link'] : []), ...(isNode(part) ? ['outside'] : [])]);
    if (kindOf(part) === 'dns') wanted.add('outside').delete(own); // it is asked by clients, and asks as they do
    const needed: [string, string][] =
      part.listens.length === 0 || !nameOf(part).includes('.') ? [] : [[wanted.has(own) ? own : 'outside', nameOf(part)]];
    if (isCrossed) needed.push(['link', `${nameOf(part)}.link`]);
    const aliases = (names: Readonly<Record<string, string>>): Settings => names;
    const on = (each: Iterable<string>): string => [...each].sort().join(', ');
    return [
      ...differences(name, { networks: on(Object.keys(service.networks)) }, { networks: on(wanted) }),
      ...differences(
        `${name}: aliases`,
        aliases(
          Object.fromEntries(
            Object.entries(service.networks).flatMap(([network, { aliases: all = [] }]) =>
              all.length === 0 ? [] : [[network, all.join()]],
            ),
          ),
        ),
        Object.fromEntries(needed),
      ),
    ];
  });

const publishedPorts: Check = (deployment, expected) =>
  eachOf(deployment, expected.parts, (part, { ports }, name) =>
    ports.flatMap((published) => {
      const [, host, , port] = /^(?:(.+):)?(\d+):(\d+)(?:\/\w+)?$/.exec(published) ?? [];
      const listens = part.listens.map((listen) => portIn(part, listen.port));
      return [
        ...(host === '127.0.0.1' ? [] : [`${name}: ${published} is published beyond this machine`]),
        ...(listens.includes(Number(port)) ? [] : [`${name}: ${published} is published, but it listens at ${listens.join()}`]),
      ];
    }),
  );

/** An orderly end takes as long as the runtime allows; a container is killed earlier by default. */
const stops: Check = (deployment, expected) =>
  eachOf(deployment, expected.parts, ({ spec }, { stop_grace_period: grace = '10s' }, name) =>
    Number.parseInt(grace, 10) * 1000 >= spec.stopTimeoutMs
      ? []
      : [`${name}: stop_grace_period is ${grace}; the embedded runtime waits ${spec.stopTimeoutMs} ms`],
  );

const targetOf = (mount: string): string => mount.split(':')[1] ?? '';
const isUnder = (path: string, target: string): boolean => path === target || path.startsWith(`${target}/`);

const mounted = (name: string, volumes: readonly string[], path: string): readonly string[] =>
  volumes.some((mount) => isUnder(path, targetOf(mount))) ? [] : [`${name}: nothing is mounted at ${path}`];

/** The text that a container finds at a path; empty when there is none. */
function fileAt({ files }: Deployment, volumes: readonly string[], path: string): string {
  const mount = volumes.find((each) => isUnder(path, targetOf(each)));
  if (mount === undefined) return '';
  const [source = '', target = ''] = mount.split(':');
  return files[`${source.replace(/^\.\//, '')}${path.slice(target.length)}`] ?? '';
}
