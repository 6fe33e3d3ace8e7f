import type { DynamicModule } from '@nestjs/common';
import type { EventCatalogue, Service } from '#contracts';
import type { Decider } from '#kernel';
import { openProjectionDatabase, pgSnapshots, type ProjectionDatabase } from '#projections';
import type { ProcessParts } from '#service-kit';
import { connectKafkaCluster, ShardWriters, type LogCluster, type SettledCommit } from '#shard-log';
import { internalCommandsModule } from './internal-commands/internal-commands.controller.ts';

export interface ShardServiceOptions<
  Command extends { readonly type: string },
  Event extends { readonly type: string },
  State,
  Refusal extends { code: string },
> {
  readonly service: Service;
  readonly decider: Decider<Command, Event, State, Refusal>;
  readonly catalogue: EventCatalogue<Event>;
  readonly parseCommand: (command: unknown) => Command;
  /** The projector's schema and name, and the version of the states that it stores. */
  readonly schema: string;
  readonly projector: string;
  readonly stateVersion: number;
  onSettled?(settled: SettledCommit): void;
  /** Every commit that this process appended, once, when it is settled. */
  onOwnSettled?(events: readonly Event[]): void;
}

export interface ShardService<
  Command extends { readonly type: string },
  Event extends { readonly type: string },
  State,
  Refusal extends { code: string },
> {
  readonly cluster: LogCluster;
  readonly database: ProjectionDatabase;
  readonly writers: ShardWriters<Command, Event, State, Refusal>;
  /** What its app imports, so that other regions' agents can hand commands over. */
  readonly internalCommands: DynamicModule;
}

/**
 * Starts what every service's `main` has: the region's Kafka, a look into the projector's tables, and the writers of its shards with the
 * gateway for its controllers. Health says which shards stand still; a part that cannot go on ends the process, to be started anew.
 */
export async function startShardService<
  Command extends { readonly type: string },
  Event extends { readonly type: string },
  State,
  Refusal extends { code: string },
>(
  { config, lifecycle, health, log, fail }: ProcessParts,
  options: ShardServiceOptions<Command, Event, State, Refusal>,
): Promise<ShardService<Command, Event, State, Refusal>> {
  const { service } = options;
  const cluster = connectKafkaCluster({
    brokers: config.addresses.kafka.brokers,
    clientId: `${service}-service-${config.region}-${config.instance}`,
  });
  await lifecycle.start('kafka', () => () => cluster.close());

  const database = openProjectionDatabase({
    url: config.addresses.postgres,
    schema: options.schema,
    connectionsMax: 8,
    statementTimeoutMs: 10_000,
    onIdleError: (error) => log.warn({ error: error.message }, 'an idle database connection broke'),
  });
  await lifecycle.start('database', () => () => database.close());

  let writers: ShardWriters<Command, Event, State, Refusal> | undefined;
  await lifecycle.start('writers', async () => {
    const started = await ShardWriters.start({
      service,
      here: config.region,
      topology: config.topology,
      cluster,
      decider: options.decider,
      catalogue: options.catalogue,
      parseCommand: options.parseCommand,
      snapshots: pgSnapshots({ pool: database.pool, name: options.projector, stateVersion: options.stateVersion }),
      ...(options.onSettled === undefined ? {} : { onSettled: options.onSettled }),
      ...(options.onOwnSettled === undefined ? {} : { onOwnSettled: options.onOwnSettled }),
      report: (level, message, details) => log[level](details, message),
      onStopped: (error) => fail('writers', error),
    });
    writers = started;
    return () => started.close();
  });
  health.addReady('writers', () => {
    const { stopped } = writers!.status;
    const standing = Object.keys(stopped);
    // A shard that stands still does not take its neighbours' service away: people read it here, the alarm is in the log.
    return standing.length === 0 ? { ok: true } : { ok: true, detail: `shards stand still: ${standing.join(', ')}` };
  });
  const internalCommands = internalCommandsModule({
    service,
    region: config.region,
    topology: config.topology,
    gateway: writers!.gateway,
    parseCommand: options.parseCommand,
  });
  return { cluster, database, writers: writers!, internalCommands };
}
