import { services, type Region, type Service } from '#contracts';
import type { AgentProcess } from './agent-process.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { Kafka } from './kafka.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { WorldProcess } from './process.ts';
import type { RegionPostgres } from './region-postgres.ts';
import type { RegionWorker } from './region-worker.ts';
import type { ServiceProcess } from './service-process.ts';

/** What runs in a region: one of each, and those that were replaced while they stood still. */
export type Slot = Service | 'worker' | 'agent';
export const slots: readonly Slot[] = [...services, 'worker', 'agent'];

export interface ProcessStarts {
  service(region: RegionParts, service: Service): ServiceProcess;
  worker(region: RegionParts): RegionWorker;
  agent(region: RegionParts): AgentProcess;
}

/** A process that is dead for so long is started anew, one that stands still is replaced. */
const restartMs = 400;
const replaceMs = 1_500;
/** One that was replaced and goes on is stopped by whoever runs it. */
const zombieMs = 6_000;

/** One region: its Kafka, its PostgreSQL, its processes, and a supervisor that starts them again. */
export class RegionParts {
  readonly region: Region;
  readonly kafka: Kafka;
  readonly postgres: RegionPostgres;
  readonly groups: ReadonlyMap<string, ConsumerGroup>;
  readonly services = new Map<Service, ServiceProcess>();
  worker: RegionWorker | undefined;
  agent: AgentProcess | undefined;
  /** Replaced; with since when they are. */
  readonly zombies: { readonly process: WorldProcess & Partial<Pick<ServiceProcess, 'client'>>; readonly sinceMs: number }[] = [];
  /** All of it is down, and nothing is started. */
  isLost = false;
  /** For good. */
  isGone = false;
  #clients: readonly KafkaClient[] = [];

  constructor(region: Region, kafka: Kafka, postgres: RegionPostgres, groups: ReadonlyMap<string, ConsumerGroup>) {
    this.region = region;
    this.kafka = kafka;
    this.postgres = postgres;
    this.groups = groups;
  }

  in(slot: Slot): ServiceProcess | RegionWorker | AgentProcess | undefined {
    return slot === 'worker' ? this.worker : slot === 'agent' ? this.agent : this.services.get(slot);
  }

  /** The instance that answers requests now. */
  serving(service: Service): ServiceProcess | undefined {
    const process = this.services.get(service);
    return process?.isRunning === true && !this.isLost ? process : undefined;
  }

  /** Connections that records are delivered to: also those of zombies. */
  get clients(): readonly KafkaClient[] {
    return this.#clients;
  }

  get agents(): readonly AgentProcess[] {
    const zombies = this.zombies.flatMap(({ process }) => ('act' in process ? [process as unknown as AgentProcess] : []));
    return this.agent === undefined ? zombies : [this.agent, ...zombies];
  }

  /** Starts what is missing, replaces what stands still, ends what was replaced long ago. */
  supervise(nowMs: number, starts: ProcessStarts): void {
    if (this.isLost) return;
    let changed = this.#endZombies(nowMs);
    for (const slot of slots) {
      const process = this.in(slot);
      if (process !== undefined && 'failure' in process && process.failure !== undefined && !process.isDead) process.die(nowMs);
      const silentMs = process === undefined ? Infinity : nowMs - (process.silentSinceMs ?? nowMs);
      if (process !== undefined && silentMs < (process.isDead ? restartMs : replaceMs)) continue;
      if (process !== undefined && !process.isDead) this.zombies.push({ process, sinceMs: nowMs });
      this.#start(slot, starts);
      changed = true;
    }
    if (changed) this.#listClients();
  }

  lose(nowMs: number): void {
    this.isLost = true;
    for (const slot of slots) this.in(slot)?.die(nowMs);
    for (const { process } of this.zombies.splice(0)) process.die(nowMs);
    this.#listClients();
    this.kafka.lose();
  }

  comeBack(): void {
    this.isLost = false;
    this.kafka.isUp = true;
  }

  #endZombies(nowMs: number): boolean {
    const before = this.zombies.length;
    for (let index = before - 1; index >= 0; index--) {
      const { process, sinceMs } = this.zombies[index]!;
      const isOver = process.isDead || (process.isRunning && nowMs - sinceMs > zombieMs);
      if (!isOver) continue;
      process.die(nowMs);
      this.zombies.splice(index, 1);
    }
    return this.zombies.length !== before;
  }

  #start(slot: Slot, starts: ProcessStarts): void {
    if (slot === 'worker') this.worker = starts.worker(this);
    else if (slot === 'agent') this.agent = starts.agent(this);
    else this.services.set(slot, starts.service(this, slot));
  }

  #listClients(): void {
    const processes = [...this.services.values(), this.worker, this.agent, ...this.zombies.map(({ process }) => process)];
    this.#clients = processes.flatMap((process) =>
      process !== undefined && !process.isDead && 'client' in process && process.client !== undefined ? [process.client] : [],
    );
  }
}
