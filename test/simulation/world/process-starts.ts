import { pino } from 'pino';
import type { Region, Service, Topology } from '#contracts';
import type { Step } from '#regions';
import type { SeededRandom } from '#test-kit';
import type { ReceiptCheckpoint } from '../../../apps/region-agent/src/receipts/checkpoint.store.ts';
import { StrandedOffers } from '../../../apps/region-agent/src/stranded/stranded-offers.ts';
import type { StrandedSightings } from '../../../apps/region-agent/src/stranded/stranded-sightings.ts';
import { AgentProcess, type Stepper } from './agent-process.ts';
import { DecodedEvents } from './decoded-events.ts';
import type { Edge } from './edge.ts';
import type { Etcd } from './etcd.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { WorldProvider } from './payment-provider.ts';
import type { WorldProcess } from './process.ts';
import type { ProcessStarts, RegionParts } from './region-parts.ts';
import { RegionWorker } from './region-worker.ts';
import { ServiceProcess } from './service-process.ts';
import { timing } from './settings.ts';
import type { ShownHistory } from './shown-history.ts';
import { MemoryStrandedStore, offersThrough } from './stranded-parts.ts';
import type { VirtualTimers } from './virtual-timers.ts';

/** What processes are started in: the world, as they see it. */
export interface Surroundings {
  readonly regions: readonly Region[];
  readonly topology: Topology;
  readonly timers: VirtualTimers;
  readonly random: SeededRandom;
  readonly etcd: Etcd;
  readonly provider: WorldProvider;
  readonly shown: ShownHistory;
  readonly edge: Edge;
  part(region: Region): RegionParts;
  reaches(from: Region, to: Region): boolean;
  newClient(owner: WorldProcess, parts: RegionParts): KafkaClient;
  count(what: string): void;
  noteStep(region: Region, step: Step): void;
  report(region: Region, reader: string, level: string, message: string, details: Readonly<Record<string, unknown>>): void;
}

export const standsStill = 'the shard stands still';
const silent = pino({ level: 'silent' });

/** Starts a region's processes, each on what its predecessor has left in PostgreSQL. */
export class WorldStarts implements ProcessStarts {
  readonly #in: Surroundings;
  readonly #stepper: Stepper | undefined;
  readonly #checkpoints = new Map<Region, ReceiptCheckpoint>();
  readonly #decoded = new DecodedEvents();
  readonly #strandedStores = new Map<Region, MemoryStrandedStore>();
  #names = 0;

  constructor(surroundings: Surroundings, stepper: Stepper | undefined) {
    this.#in = surroundings;
    this.#stepper = stepper;
  }

  /** What its agent and its stranded offers remember is gone; they read the logs again. */
  forget(region: Region): void {
    this.#checkpoints.delete(region);
    this.#strandedStores.delete(region);
  }

  service(parts: RegionParts, service: Service): ServiceProcess {
    const { region, postgres } = parts;
    const name = `${region}.${service}#${++this.#names}`;
    return new ServiceProcess(
      {
        name,
        region,
        service,
        topology: this.#in.topology,
        timers: this.#in.timers,
        snapshots: postgres,
        onSettled: (reader, settled) => this.#in.shown.note(reader, settled),
        onReport: (level, message, details) => this.#in.report(region, name, level, message, details),
      },
      (owner) => this.#in.newClient(owner, parts),
    );
  }

  worker(parts: RegionParts): RegionWorker {
    const { region, postgres } = parts;
    return new RegionWorker(
      {
        name: `${region}.worker#${++this.#names}`,
        region,
        topology: this.#in.topology,
        timers: this.#in.timers,
        postgres,
        provider: this.#in.provider,
        random: this.#in.random,
        decoded: this.#decoded,
        onSettled: (reader, { commits }) => {
          for (const settled of commits) this.#in.shown.note(reader, settled);
        },
        onShardStopped: (reader, shard, reason) => this.#in.report(region, reader, 'error', standsStill, { shard, reason }),
      },
      (owner) => this.#in.newClient(owner, parts),
    );
  }

  agent({ region, kafka }: RegionParts): AgentProcess {
    const instance = ++this.#names;
    return new AgentProcess({
      name: `${region}.agent#${instance}`,
      region,
      instance,
      topology: this.#in.topology,
      timing,
      timers: this.#in.timers,
      kafka,
      etcd: this.#in.etcd,
      random: this.#in.random,
      stepper: this.#stepper,
      from: this.#in.random.chance(0.5) ? this.#checkpoints.get(region) : undefined,
      save: (checkpoint) => this.#checkpoints.set(region, checkpoint),
      strandedOffers: (owner, sightings) => this.#newStrandedOffers(owner, sightings),
      onStep: (at, step) => this.#in.noteStep(at, step),
    });
  }

  #newStrandedOffers(owner: WorldProcess, sightings: StrandedSightings): StrandedOffers {
    const { region } = owner;
    const parts = this.#in.part(region);
    const client = this.#in.newClient(owner, parts);
    Object.assign(owner, { client });
    return new StrandedOffers({
      here: region,
      topology: { regions: this.#in.regions, partitions: this.#in.topology.partitions },
      cluster: client,
      store: this.strandedStoreOf(region),
      offers: offersThrough({
        decide: (to, command) => this.#in.edge.decide(to, command),
        reaches: (to) => this.#in.reaches(region, to),
        onOffered: (outcome) => this.#in.count(`stranded ${outcome}`),
      }),
      products: { listed: async () => new Map() },
      reseed: { ensure: async () => 0 },
      sightings,
      events: { record: () => undefined },
      log: silent,
      everyMs: 400,
    });
  }

  /** What the region remembers of its stranded commits. */
  strandedStoreOf(region: Region): MemoryStrandedStore {
    const store = this.#strandedStores.get(region) ?? new MemoryStrandedStore();
    this.#strandedStores.set(region, store);
    return store;
  }
}
