import type { AnyEvent, Region, Service, Topology } from '#contracts';
import { ShardWriters, type CommandGateway, type SettledCommit, type Snapshots } from '#shard-log';
import { decisionsOf } from './deciders.ts';
import type { KafkaClient } from './kafka-client.ts';
import { WorldProcess } from './process.ts';
import type { VirtualTimers } from './virtual-timers.ts';

export interface ServiceProcessOptions {
  readonly name: string;
  readonly region: Region;
  readonly service: Service;
  readonly topology: Topology;
  readonly timers: VirtualTimers;
  readonly snapshots: Snapshots;
  onSettled(reader: string, settled: SettledCommit): void;
  /** Something that an operator would read. */
  onReport(level: 'info' | 'warn' | 'error', message: string, details: Readonly<Record<string, unknown>>): void;
}

type Writers = ShardWriters<never, AnyEvent, unknown, { readonly code: string }>;

/** One instance of a service: the real writers, gateway and intake of commands, on the world's Kafka. */
export class ServiceProcess extends WorldProcess {
  readonly service: Service;
  readonly client: KafkaClient;
  #writers: Writers | undefined;
  /** It cannot go on by itself, and is to be started anew. */
  failure: Error | undefined;

  constructor(options: ServiceProcessOptions, clientOf: (owner: WorldProcess) => KafkaClient) {
    super(options.name, options.region);
    this.service = options.service;
    this.client = clientOf(this);
    options.timers.within(this, () => void this.#start(options));
  }

  get gateway(): CommandGateway | undefined {
    return this.#writers?.gateway;
  }

  get writers(): Writers | undefined {
    return this.#writers;
  }

  async #start({ name, region: here, service, topology, snapshots, onSettled, onReport }: ServiceProcessOptions): Promise<void> {
    const { decider, catalogue, parse } = decisionsOf(service);
    const failed = (error: Error): void => void (this.failure ??= error);
    try {
      this.#writers = await ShardWriters.start<never, AnyEvent, unknown, { readonly code: string }>({
        service,
        here,
        topology,
        cluster: this.client,
        decider,
        catalogue,
        parseCommand: parse,
        snapshots,
        onSettled: (settled) => onSettled(name, settled),
        report: onReport,
        onStopped: failed,
      });
    } catch (error) {
      failed(error as Error);
    }
  }
}
