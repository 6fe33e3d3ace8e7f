import { setTimeout as delay } from 'node:timers/promises';
import { regionsOf, type Service } from '#contracts';
import { createServiceApp, listenOn, type ProcessParts } from '#service-kit';
import { connectKafkaCluster, openSettledFeed, type LogCluster } from '#shard-log';
import { openProjectionDatabase } from '../postgres/database.ts';
import { migrate, type MigrationClass } from '../postgres/migrate.ts';
import type { OpenFeed, ProjectorDefinition } from '../projection.port.ts';
import { runProjections } from '../projector.ts';
import { rebuild } from '../rebuild.ts';
import { ParkedAnnouncer } from './parked-announcer.ts';
import { projectorModule } from './projector.module.ts';
import { RebuildJob } from './rebuild-job.ts';

export interface ServiceProjector<Event extends { readonly type: string }, State> {
  readonly service: Service;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  readonly definition: ProjectorDefinition<Event, State>;
}

const migrateWithinMs = 120_000;
const rebuildTimes = { catchUpMs: 3_600_000, compareMs: 30_000 };

/**
 * All of a service's projector process: migrates its schema, folds the settled feed into it while it leads, and answers what
 * operators ask. Lost connections to PostgreSQL or Kafka are lived through; the process ends only when it cannot start.
 */
export async function startProjector<Event extends { readonly type: string }, State>(
  parts: ProcessParts,
  { service, schema, migrations, definition }: ServiceProjector<Event, State>,
): Promise<void> {
  const { config, lifecycle, health, log } = parts;
  const url = config.addresses.postgres;
  await migratePatiently({ url, schema, migrations });
  const cluster = connectKafkaCluster({
    brokers: config.addresses.kafka.brokers,
    clientId: `${service}-projector-${config.region}-${config.instance}`,
  });
  await lifecycle.start('kafka', () => () => cluster.close());
  const database = openProjectionDatabase({
    url,
    schema,
    connectionsMax: 6,
    statementTimeoutMs: 30_000,
    onIdleError: (error) => log.warn({ error: error.message }, 'an idle database connection broke'),
  });
  await lifecycle.start('database', () => () => database.close());
  const openFeed = feedOf(parts, service, cluster);
  const announcer = new ParkedAnnouncer(cluster, `${service}-parked`);
  await lifecycle.start('announcer', () => () => announcer.close());
  const projector = runProjections({ database, definition, openFeed, announceParked: (records) => announcer.announce(records), log });
  await lifecycle.start('projector', () => () => projector.stop());
  const rebuildJob = new RebuildJob(() => rebuild({ live: database, definition, migrations, openFeed, log, ...rebuildTimes }), log);
  health.addReady('projector', () => {
    const { role, lastError } = projector.status();
    return lastError === undefined ? { ok: true, detail: role } : { ok: false, detail: lastError };
  });
  const report = {
    service,
    region: config.region,
    name: definition.name,
    pool: database.pool,
    cluster,
    projections: definition.projections,
    projector,
  };
  const app = await createServiceApp(projectorModule(report, rebuildJob), { log, health, verifier: undefined });
  await lifecycle.start('http', () => listenOn(app, config.listen));
}

function feedOf({ config: { topology, region }, log }: ProcessParts, service: Service, cluster: LogCluster): OpenFeed {
  return (from, handlers) =>
    openSettledFeed({
      name: `${service}-projector`,
      restMs: (records) => handlers.restMs(records),
      here: region,
      topology: { regions: regionsOf(topology), partitions: topology.partitions },
      services: [service],
      cluster,
      from,
      onBatch: (batch) => handlers.onBatch(batch),
      onUnreadable: ({ topic, partition, offset, value }, reason) => handlers.onUnreadable({ topic, partition, offset, value, reason }),
      onShardStopped: (shard, reason) => log.error({ shard, reason }, 'a shard stands still: data was lost'),
      onStopped: (error) => handlers.onStopped(error),
    });
}

/** The database may start later than we do. @throws the last failure at the deadline */
async function migratePatiently(options: Parameters<typeof migrate>[0]): Promise<void> {
  const deadlineMs = performance.now() + migrateWithinMs;
  for (;;) {
    try {
      return await migrate(options);
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await delay(500);
    }
  }
}
