import type { Provider } from '@nestjs/common';
import type { Service } from '#contracts';
import {
  PROGRESS_WATCH,
  ProgressWatch,
  READ_DATABASE,
  readDatabase,
  waitUntilMigrated,
  type MigrationClass,
  type ProjectionDatabase,
} from '#projections';
import type { ProcessParts } from '#service-kit';
import type { DataSource } from 'typeorm';

export interface ServiceReadsOptions {
  readonly service: Service;
  readonly database: ProjectionDatabase;
  readonly entities: readonly Function[];
  readonly migrations: readonly MigrationClass[];
}

/** A new system's tables are there at once. Others are rebuilt, perhaps for long: writes do not wait for that, and reads answer 503. */
const tablesWithinMs = 30_000;

/** What the read slices of a service inject: the tables, as soon as the projector has made them, and the wait for a token. */
export async function openServiceReads(
  { lifecycle, log }: ProcessParts,
  { service, database, entities, migrations }: ServiceReadsOptions,
): Promise<{ readonly source: DataSource; readonly providers: readonly Provider[] }> {
  const tables = { url: database.url, schema: database.schema, migrations };
  await waitUntilMigrated(tables, tablesWithinMs).catch((error: unknown) => log.warn({ error: String(error) }, 'reads are not served yet'));
  const source = readDatabase({
    url: database.url,
    schema: database.schema,
    entities,
    connectionsMax: 8,
    statementTimeoutMs: 10_000,
    onIdleError: (error) => log.warn({ error: error.message }, 'an idle database connection broke'),
  });
  await lifecycle.start('reads', async () => {
    await source.initialize();
    return () => source.destroy();
  });
  return {
    source,
    providers: [
      { provide: READ_DATABASE, useValue: source },
      { provide: PROGRESS_WATCH, useValue: new ProgressWatch({ pool: database.pool, service }) },
    ],
  };
}
