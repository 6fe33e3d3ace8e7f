import { eventsTopic, regionsOf, topicIn, type Service } from '#contracts';
import { createServiceApp, listenOn, type ProcessParts } from '#service-kit';
import { connectKafkaCluster, openSettledFeed, type LogCluster } from '#shard-log';
import { openProjectionDatabase } from '../postgres/database.ts';
import type { MigrationClass } from '../postgres/migrate.ts';
import { swapBack } from '../postgres/swap-schemas.ts';
import type { OpenFeed, ProjectorDefinition } from '../projection.port.ts';
import { runProjections } from '../projector.ts';
import type { LogEnds } from '../rebuild/read-target.ts';
import { rebuild } from '../rebuild.ts';
import { OwnTables } from './own-tables.ts';
import { ParkedTopic } from './parked-topic.ts';
import { projectorModule } from './projector.module.ts';
import { RebuildJob } from './rebuild-job.ts';

export interface ServiceProjector<Event extends { readonly type: string }, State> {
  readonly service: Service;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  readonly definition: ProjectorDefinition<Event, State>;
}

const rebuildTimes = { stuckMs: 300_000, compareMs: 30_000 };

/** So long a start waits for missing tables. A log that takes longer is rebuilt while the process is called ready: all but its reads work. */
const tablesWithinMs = 30_000;

/**
 * All of a service's projector process: makes sure of its tables, folds the settled feed into them while it leads, and answers what
 * operators ask. Lost connections to PostgreSQL or Kafka, and a lost PostgreSQL, are lived through.
 */
export async function startProjector<Event extends { readonly type: string }, State>(
  parts: ProcessParts,
  { service, schema, migrations, definition }: ServiceProjector<Event, State>,
): Promise<void> {
  const { config, lifecycle, health, log } = parts;
  const url = config.addresses.postgres;
  const startedAtMs = performance.now();
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
  const parkedLog = new ParkedTopic(cluster, { name: `${service}-parked`, reader: undefined });
  await lifecycle.start('parked-log', () => () => parkedLog.close());
  const rebuildJob = new RebuildJob({
    projector: definition.name,
    projections: definition.projections.map(({ name }) => name),
    log,
    rebuild: (signal, onProgress) =>
      rebuild({
        live: database,
        definition,
        migrations,
        openFeed,
        parkedLog,
        logEnds: logEndsOf(parts, service, cluster),
        log,
        signal,
        onProgress,
        ...rebuildTimes,
      }),
  });
  const tables = new OwnTables({ database, definition, migrations, rebuildJob, log });
  const projector = runProjections({
    database,
    definition,
    openFeed,
    parkedLog,
    prepare: () => tables.prepare(),
    ofAnotherVersion: 'kept',
    log,
  });
  await lifecycle.start('projector', () => async () => {
    await Promise.all([rebuildJob.stop(), projector.stop()]);
  });
  health.addReady('projector', () => {
    const { role, lastError } = projector.status();
    if (lastError !== undefined) return { ok: false, detail: lastError };
    if (tables.haveServed) return { ok: true, detail: role };
    return { ok: performance.now() - startedAtMs > tablesWithinMs, detail: 'its tables are being rebuilt' };
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
  const undo = () => swapBack(database.pool, schema, definition);
  const app = await createServiceApp(projectorModule(report, { rebuildJob, undo }), { log, health, verifier: undefined });
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

/** Of every topic that decides what is settled for the service. */
function logEndsOf({ config: { topology, region } }: ProcessParts, service: Service, cluster: LogCluster): () => Promise<LogEnds> {
  const regions = regionsOf(topology);
  const topics = [...regions.flatMap((log) => [topicIn(region, log, eventsTopic(service)), topicIn(region, log, 'receipts')]), 'lineage'];
  return async () => new Map([...(await cluster.describe(topics))].map(([topic, { ends }]) => [topic, ends]));
}
