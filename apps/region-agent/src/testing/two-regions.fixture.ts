import { pino } from 'pino';
import { commandId, mirroredTopics, region, type Lineage, type Region, type ShardId } from '#contracts';
import { InMemoryAgentRegistry, InMemoryLineageStore, regionTimingSchema } from '#regions';
import { HealthRegistry, Lifecycle } from '#service-kit';
import { encodeShardRecord, InMemoryBroker, InMemoryMirror, type ShardRecord } from '#shard-log';
import { silentTopology } from '#test-kit';
import type { RegionEvent } from '../region-events.port.ts';
import { RegionAgent } from '../region.agent.ts';
import { MemoryCheckpoints } from './memory.checkpoints.ts';

export const [east, west] = [region('east'), region('west')];
const partitions = 2;
const log = pino({ level: process.env['AGENT_LOG'] ?? 'silent' });

const topology = silentTopology({ regions: [east, west], partitions });

/** As in production, but for people who wait: each pause a tenth or less. */
const timing = regionTimingSchema.parse({
  leaseTtlSeconds: 2, // for the reason of `receiptsGoneMs`
  receiptsRepeatMs: 50,
  leaseGoneSilenceMs: 200,
  neverSeenMs: 1_000,
  receiptsGoneMs: 1_500, // longer than a stall that an agent does not notice of itself (`Attention`)
  returnPauseMs: 200,
  homePauseMs: 200,
  drainMs: 100,
  roundMs: 10,
});

interface RunningAgent {
  readonly agent: RegionAgent;
  readonly lifecycle: Lifecycle;
}

/** Two regions of two agents each, with all that they stand on in memory: brokers, mirrors, etcd. Real time, small numbers. */
export class TwoRegions {
  readonly brokers = new Map<Region, InMemoryBroker>([east, west].map((name) => [name, new InMemoryBroker()]));
  readonly store = new InMemoryLineageStore();
  readonly registry = new InMemoryAgentRegistry(this.store);
  readonly events: (RegionEvent & { readonly region: Region; readonly instance: number })[] = [];
  readonly #mirrors: readonly InMemoryMirror[];
  readonly #checkpoints = new Map<Region, MemoryCheckpoints>([east, west].map((name) => [name, new MemoryCheckpoints()]));
  readonly #agents = new Map<Region, RunningAgent[]>();

  constructor() {
    const mirror = (origin: Region, to: Region): InMemoryMirror =>
      new InMemoryMirror({ from: this.brokers.get(origin)!, to: this.brokers.get(to)!, origin, topics: mirroredTopics });
    this.#mirrors = [mirror(east, west), mirror(west, east)];
    this.healLink();
  }

  async start(here: Region): Promise<void> {
    const agents = await Promise.all([1, 2].map((instance) => this.#startAgent(here, instance)));
    this.#agents.set(here, agents);
  }

  /** Every process of it stops. */
  async stop(here: Region): Promise<void> {
    const agents = this.#agents.get(here) ?? [];
    this.#agents.delete(here);
    await Promise.all(agents.map(({ lifecycle }) => lifecycle.stop()));
  }

  async close(): Promise<void> {
    await Promise.all([this.stop(east), this.stop(west)]);
    this.cutLink();
    await this.registry.close();
  }

  cutLink(): void {
    for (const mirror of this.#mirrors) mirror.hold();
  }

  healLink(): void {
    for (const mirror of this.#mirrors) {
      mirror.follow();
      mirror.copy();
    }
  }

  /** The one that leads now, and both for the questions that any of them answers. */
  agentsOf(here: Region): readonly RegionAgent[] {
    return (this.#agents.get(here) ?? []).map(({ agent }) => agent);
  }

  write(into: Region, shard: ShardId, ...records: readonly ShardRecord[]): void {
    const [service, , partition] = shard.split('.');
    this.brokers.get(into)!.store(`${service}.events`, Number(partition), records.map(encodeShardRecord));
  }

  async lineage(): Promise<Lineage> {
    const stored = await this.store.read();
    if (stored === undefined) throw new Error('there is no lineage yet');
    return stored.lineage;
  }

  /** The owners of all shards' last segments, by home. */
  async owners(): Promise<Readonly<Record<string, readonly Region[]>>> {
    const owners: Record<string, Region[]> = {};
    for (const [shard, segments] of Object.entries((await this.lineage()).shards)) {
      const home = shard.split('.')[1]!;
      owners[home] = [...new Set([...(owners[home] ?? []), segments.at(-1)!.owner])];
    }
    return owners;
  }

  async #startAgent(here: Region, instance: number): Promise<RunningAgent> {
    const lifecycle = new Lifecycle({ stopTimeoutMs: 5_000, log });
    const cluster = this.brokers.get(here)!.connect();
    await lifecycle.start('cluster', () => () => cluster.close());
    const agent = new RegionAgent({
      here,
      instance,
      topology,
      cluster,
      lineageStore: this.store,
      registry: this.registry,
      checkpoints: this.#checkpoints.get(here)!,
      events: {
        record: (entry) => {
          log.info({ here, instance, entry }, 'event');
          this.events.push({ ...entry, region: here, instance });
        },
      },
      log: log.child({ region: here, instance }),
      timing,
      probeEveryMs: 100,
      checkpointEveryMs: 50,
      idleMs: 50,
    });
    await agent.start(lifecycle, new HealthRegistry());
    return { agent, lifecycle };
  }
}

export const fence = (shard: ShardId, of: { term: number; base: number }): ShardRecord => ({
  kind: 'fence',
  shard,
  ...of,
  generation: 1,
  writer: `w${of.term}`,
});
export const commit = (shard: ShardId, of: { term: number; seq: number }): ShardRecord => ({
  kind: 'commit',
  shard,
  ...of,
  generation: 1,
  writer: `w${of.term}`,
  cause: commandId('c'),
  correlation: 'o',
  traceparent: '',
  streams: ['o'],
  body: '{}',
});
