import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { askMetadata } from './kafka-metadata.ts';
import { archivedClasses, assertJarsPresent, defaultKafkaJars, findJava, jvmArgs, runJava, type KafkaJars } from './jvm.ts';
import type { ProgramSpec } from './program.ts';

/** A listener for one other region, advertised at the link through which that region dials: cutting the link cuts only that. */
export interface KafkaLink {
  readonly dialler: string;
  readonly port: number;
  readonly advertised: { readonly host: string; readonly port: number };
}

export interface KafkaOptions {
  readonly name: string;
  /** The region's own address: it listens nowhere else. */
  readonly address: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly links: readonly KafkaLink[];
  /** Logs and configuration: all that the broker knows. */
  readonly dataDir: string;
  readonly jars?: KafkaJars;
}

const mainClass = 'kafka.Kafka';
export const brokerHeapMb = 384;
/** Largest record and request, the same for broker, clients and MirrorMaker. */
export const recordBytesMax = 8 * 1024 * 1024;

/** A KRaft broker that is its own controller: one region's cluster on a laptop. */
export function kafkaProgram(options: KafkaOptions): ProgramSpec {
  const jars = options.jars ?? defaultKafkaJars();
  const config = join(options.dataDir, 'server.properties');
  return {
    name: options.name,
    command: findJava(),
    args: jvmArgs({ jars, mainClass, archive: archivedClasses.broker, heapMb: brokerHeapMb, args: [config] }),
    env: {},
    cwd: options.dataDir,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
    startTimeoutMs: 60_000,
    prepare: () => prepareKafka(options, jars, config),
    ready: async () => {
      try {
        const { brokers } = await askMetadata(options.address, options.port, { withTopics: false, timeoutMs: 1_000 });
        return brokers > 0 ? undefined : 'the broker has not registered with its controller';
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

async function prepareKafka(options: KafkaOptions, jars: KafkaJars, config: string): Promise<void> {
  assertJarsPresent(jars);
  await mkdir(options.dataDir, { recursive: true });
  await writeFile(config, lines(brokerSettings(options)));
  // Written by the storage tool as its last step; without it the broker does not start.
  if (existsSync(join(options.dataDir, 'logs', 'meta.properties'))) return;
  const { dumpTo: _notByThisTool, ...toolJars } = jars;
  await runJava({
    jars: toolJars,
    mainClass: 'kafka.tools.StorageTool',
    archive: archivedClasses.broker,
    heapMb: 64,
    args: ['format', '--ignore-formatted', '-t', clusterIdOf(options.name), '-c', config],
    timeoutMs: 60_000,
  });
}

/** The id of the cluster that a broker of this name is, for ever. */
export const clusterIdOf = (name: string): string => createHash('sha256').update(name).digest().subarray(0, 16).toString('base64url');

const listenerOf = (link: KafkaLink) => `LINK_${link.dialler.toUpperCase().replaceAll('-', '_')}`;

/** All that a broker is told, by Kafka's names. */
export function brokerSettings({ address, port, controllerPort, links, dataDir }: KafkaOptions): BrokerSettings {
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${address}:${controllerPort}`,
    listeners: [
      `REGION://${address}:${port}`,
      ...links.map((link) => `${listenerOf(link)}://${address}:${link.port}`),
      `CONTROLLER://${address}:${controllerPort}`,
    ].join(','),
    'advertised.listeners': [
      `REGION://${address}:${port}`,
      ...links.map((link) => `${listenerOf(link)}://${link.advertised.host}:${link.advertised.port}`),
    ].join(','),
    'listener.security.protocol.map': ['REGION', 'CONTROLLER', ...links.map(listenerOf)].map((name) => `${name}:PLAINTEXT`).join(','),
    'inter.broker.listener.name': 'REGION',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dataDir, 'logs'),
    'auto.create.topics.enable': false,
    'message.max.bytes': recordBytesMax,
    'socket.request.max.bytes': 4 * recordBytesMax,
    // One broker, so one replica. 50 partitions of each internal topic, the default, are slow to open.
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // Fast joins, and fast notice of an instance that died.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    // A broker that was killed is let in again by its controller as soon as its old session has run out.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3_000,
    'controller.quorum.election.timeout.ms': 200,
    'controller.quorum.election.backoff.max.ms': 200,
    'num.network.threads': 1,
    'num.io.threads': 2,
    'background.threads': 2,
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
    'log.retention.check.interval.ms': 60_000,
  };
}

type BrokerSettings = Readonly<Record<string, string | number | boolean>>;

const lines = (settings: BrokerSettings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
