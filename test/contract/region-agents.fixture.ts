import { pino } from 'pino';
import { commandId, type Region, type ShardId } from '#contracts';
import { EtcdAgentRegistry, EtcdLineageStore, regionTimingSchema, type AgentRegistry, type AgentSession } from '#regions';
import { HealthRegistry, Lifecycle } from '#service-kit';
import {
  connectKafkaCluster,
  encodeReceipts,
  encodeShardRecord,
  type Appender,
  type LogCluster,
  type Receipt,
  type ShardRecord,
} from '#shard-log';
import { silentTopology } from '#test-kit';
import type { MemoryCheckpoints } from '../../apps/region-agent/src/testing/memory.checkpoints.ts';
import type { RegionEvent } from '../../apps/region-agent/src/region-events.port.ts';
import { RegionAgent } from '../../apps/region-agent/src/region.agent.ts';

export const partitions = 2;
const log = pino({ level: process.env['AGENT_LOG'] ?? 'silent' });

export const topologyOf = (regions: readonly Region[]) => silentTopology({ regions, partitions });

export interface AgentPlace {
  readonly here: Region;
  readonly regions: readonly Region[];
  readonly brokers: readonly string[];
  readonly etcdUrl: string;
  /** Shared by the instances of a region, as PostgreSQL is. */
  readonly checkpoints: MemoryCheckpoints;
}

export interface TestAgent {
  readonly agent: RegionAgent;
  readonly events: readonly RegionEvent[];
  /** Falls silent in the middle of whatever it does: nothing is given back, nothing more is written. */
  die(): Promise<void>;
  stop(): Promise<void>;
}

/** An instance of a region's agent on real parts, in this process. `onEvent` may let it die between two steps. */
export async function startTestAgent(place: AgentPlace, instance: number, onEvent?: (event: string) => void): Promise<TestAgent> {
  const { here, regions, brokers, etcdUrl, checkpoints } = place;
  const etcd = { endpoints: [etcdUrl], deadlineMs: 1_500 };
  const cluster = connectKafkaCluster({ brokers, clientId: `agent-${instance}.${here}` });
  const [lineageStore, registry] = [new EtcdLineageStore(etcd), new EtcdAgentRegistry(etcd)];
  const events: RegionEvent[] = [];
  const lifecycle = new Lifecycle({ stopTimeoutMs: 10_000, log });
  const agent = new RegionAgent({
    here,
    instance,
    topology: topologyOf(regions),
    cluster,
    lineageStore,
    registry,
    checkpoints,
    events: {
      record: (entry) => {
        log.info({ entry, instance }, 'event');
        events.push(entry);
        onEvent?.(entry.event);
      },
    },
    log: log.child({ instance }),
    timing: regionTimingSchema.parse({}),
    probeEveryMs: 500,
    checkpointEveryMs: 300,
    idleMs: 300,
  });
  await agent.start(lifecycle, new HealthRegistry());
  const disconnect = async (): Promise<void> => {
    await Promise.allSettled([registry.close(), lineageStore.close(), cluster.close()]);
  };
  return {
    agent,
    events,
    die: async () => {
      cluster.appender = () => Promise.reject(new Error(`agent ${instance} is dead`)); // a closed cluster would open one more
      await disconnect();
      await lifecycle.stop();
    },
    stop: async () => {
      await lifecycle.stop();
      await disconnect();
    },
  };
}

/** Another region, played by hand: its mirror topics in the one broker, its lease in the one etcd. */
export class PlayedRegion {
  readonly region: Region;
  readonly #appender: Appender;
  readonly #registry: AgentRegistry;
  #beating: NodeJS.Timeout | undefined;

  private constructor(region: Region, appender: Appender, registry: AgentRegistry) {
    this.region = region;
    this.#appender = appender;
    this.#registry = registry;
  }

  static async start(region: Region, cluster: LogCluster, registry: AgentRegistry): Promise<PlayedRegion> {
    const events = ['order', 'inventory', 'payment'].map((service) => ({ topic: `${region}.${service}.events`, partitions }));
    await cluster.createTopics([...events, { topic: `${region}.receipts`, partitions: 1 }].map((topic) => ({ ...topic, config: {} })));
    const played = new PlayedRegion(region, await cluster.appender(`played.${region}`), registry);
    await played.#live();
    return played;
  }

  async mirror(topic: string, partition: number, ...records: readonly ShardRecord[]): Promise<void> {
    await this.#appender.append(`${this.region}.${topic}`, partition, records.map(encodeShardRecord));
  }

  async receipt(...receipts: readonly Receipt[]): Promise<void> {
    await this.#appender.append(`${this.region}.receipts`, 0, [encodeReceipts({ kind: 'receipts', by: this.region, receipts })]);
  }

  /** SIGKILL to every process of it at once. */
  die(): void {
    clearInterval(this.#beating);
    this.#beating = undefined;
  }

  async close(): Promise<void> {
    this.die();
    await this.#appender.close();
  }

  async #live(): Promise<void> {
    let session = await this.#open();
    const renew = async (): Promise<void> => {
      const isGone = !(await session.renew()); // it ran out on a machine that stood still
      if (isGone && this.#beating !== undefined) session = await this.#open();
    };
    let renewing: Promise<void> | undefined;
    this.#beating = setInterval(() => {
      // What fails is asked again at the next beat.
      renewing ??= renew()
        .catch(() => undefined)
        .finally(() => (renewing = undefined));
      void this.receipt().catch(() => undefined);
    }, 300);
  }

  async #open(): Promise<AgentSession> {
    const session = await this.#registry.openSession({ region: this.region, instance: 1, ttlSeconds: 2 });
    await session.signal({ region: this.region, instance: 1, leading: true, lineageRevision: 0, caughtUp: true, strandedOffered: true });
    await session.lead();
    return session;
  }
}

export const fence = (shard: ShardId, term = 1, base = 0): ShardRecord => ({
  kind: 'fence',
  shard,
  term,
  generation: 1,
  writer: 'w',
  base,
});
export const commit = (shard: ShardId, seq: number, term = 1): ShardRecord => ({
  kind: 'commit',
  shard,
  term,
  generation: 1,
  writer: 'w',
  seq,
  cause: commandId('c'),
  correlation: 'o',
  traceparent: '',
  streams: ['o'],
  body: '{}',
});
