import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askMetadata } from './kafka-metadata.ts';
import { recordBytesMax } from './kafka.program.ts';
import { archivedClasses, assertJarsPresent, defaultKafkaJars, findJava, jvmArgs, type KafkaJars } from './jvm.ts';
import type { ProgramSpec } from './program.ts';

export interface MirrorMakerOptions {
  readonly name: string;
  readonly region: string;
  readonly kafka: { readonly host: string; readonly port: number };
  /** The other regions, each dialled through its link. */
  readonly sources: readonly { readonly region: string; readonly host: string; readonly port: number }[];
  readonly topics: readonly string[];
  readonly dataDir: string;
  readonly jars?: KafkaJars;
}

const mainClass = 'org.apache.kafka.connect.mirror.MirrorMaker';
export const mirrorMakerHeapMb = 256;

/**
 * Copies the other regions' topics into this region's cluster, as `<region>.<topic>`. At least once: it may repeat up to a second or
 * so after a kill, and readers skip what they have. It skips purged or recreated ranges without an error: only a reader's gap check
 * notices. It ends, and is started again by the supervisor, when its own region's broker is away at start.
 */
export function mirrorMakerProgram(options: MirrorMakerOptions): ProgramSpec {
  const jars = options.jars ?? defaultKafkaJars();
  const config = join(options.dataDir, 'mirror-maker.properties');
  return {
    name: options.name,
    command: findJava(),
    args: jvmArgs({
      jars,
      mainClass,
      archive: archivedClasses.mirror,
      heapMb: mirrorMakerHeapMb,
      args: [config, '--clusters', options.region],
    }),
    env: {},
    cwd: options.dataDir,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 90_000,
    prepare: async () => {
      assertJarsPresent(jars);
      await mkdir(options.dataDir, { recursive: true });
      await writeFile(config, mirrorProperties(options));
    },
    ready: () => missingMirrors(options),
  };
}

/** Ready means that every mirror exists: from then on readers find what they wait for, though perhaps late. */
async function missingMirrors({ kafka, sources, topics }: MirrorMakerOptions): Promise<string | undefined> {
  try {
    const known = await askMetadata(kafka.host, kafka.port, { withTopics: true, timeoutMs: 1_000 });
    const missing = sources
      .flatMap((source) => topics.map((topic) => `${source.region}.${topic}`))
      .filter((topic) => !known.topics.has(topic));
    return missing.length === 0 ? undefined : `not mirrored yet: ${missing.join(', ')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Where a setting has to stand to be heard (MirrorMakerConfig 4.3): the storage topics' at the top, the Connect worker's and its
 * producer's under the target cluster, the connector's and its consumer's under the flow.
 */
export function mirrorProperties({ region, kafka, sources, topics }: Omit<MirrorMakerOptions, 'name' | 'dataDir' | 'jars'>): string {
  const under = (prefix: string, settings: Settings) => Object.entries(settings).map(([key, value]) => `${prefix}${key}=${value}`);
  const lines = [
    `clusters=${[region, ...sources.map((source) => source.region)].join(',')}`,
    `${region}.bootstrap.servers=${kafka.host}:${kafka.port}`,
    ...sources.map((source) => `${source.region}.bootstrap.servers=${source.host}:${source.port}`),
    ...under('', topLevelSettings),
    ...under(`${region}.`, workerSettings),
    ...sources.flatMap((source) => [
      `${region}->${source.region}.enabled=false`,
      ...under(`${source.region}->${region}.`, { enabled: true, ...connectorSettings, topics: topics.map(quoted).join(',') }),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

type Settings = Readonly<Record<string, string | number | boolean>>;

/** A topic's name as a regular expression, as a properties file writes it. */
const quoted = (topic: string) => topic.replaceAll('.', '\\\\.');

const topLevelSettings: Settings = {
  // MirrorMaker itself looks for plug-ins before any herder does. By reflection it reads every class of every jar: 20 s on two busy cores.
  'plugin.discovery': 'service_load',
  // MirrorMaker otherwise starts a herder for every direction, to send heartbeats.
  'emit.heartbeats.enabled': false,
  'config.storage.replication.factor': 1,
  'status.storage.replication.factor': 1,
  'status.storage.partitions': 1,
  'offset.storage.replication.factor': 1,
  'offset.storage.partitions': 1,
};

const workerSettings: Settings = {
  'plugin.discovery': 'service_load',
  // What a kill makes it repeat: about a second.
  'offset.flush.interval.ms': 1_000,
  'offset.flush.timeout.ms': 5_000,
  // There is one worker: after a kill its successor must not wait for it (the default is five minutes).
  'scheduled.rebalance.max.delay.ms': 0,
  'session.timeout.ms': 2_000,
  'heartbeat.interval.ms': 500,
  'rebalance.timeout.ms': 5_000,
  'task.shutdown.graceful.timeout.ms': 3_000,
  'reconnect.backoff.ms': 50,
  'reconnect.backoff.max.ms': 500,
  'producer.linger.ms': 0,
  'producer.acks': 'all',
  'producer.max.request.size': recordBytesMax,
  // A task whose producer gives up stays dead, so it does not give up.
  'producer.delivery.timeout.ms': 2_147_483_647,
};

const connectorSettings: Settings = {
  groups: '',
  // Four fetches in flight across the link, so that a receipt does not queue behind all events.
  'tasks.max': 4,
  'refresh.topics.interval.seconds': 1,
  // Positions are kept by the readers themselves, per cluster.
  'emit.heartbeats.enabled': false,
  'emit.checkpoints.enabled': false,
  'emit.offset-syncs.enabled': false,
  'sync.group.offsets.enabled': false,
  'sync.topic.acls.enabled': false,
  // Mirrors are created with the source's partitions and configuration: its retention too.
  'sync.topic.configs.enabled': true,
  'replication.factor': 1,
  'heartbeats.topic.replication.factor': 1,
  'consumer.auto.offset.reset': 'earliest',
  'consumer.fetch.min.bytes': 1,
  'consumer.fetch.max.wait.ms': 500,
  'consumer.max.partition.fetch.bytes': recordBytesMax,
  'consumer.reconnect.backoff.ms': 50,
  'consumer.reconnect.backoff.max.ms': 500,
  'consumer.request.timeout.ms': 5_000,
  'consumer.default.api.timeout.ms': 10_000,
  'consumer.socket.connection.setup.timeout.ms': 1_000,
  'consumer.socket.connection.setup.timeout.max.ms': 2_000,
};
