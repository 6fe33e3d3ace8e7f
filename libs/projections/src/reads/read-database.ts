import pg from 'pg';
import { DataSource, type MixedList, type ValueTransformer } from 'typeorm';
import { sessionOptions } from '../postgres/database.ts';

export interface ReadDatabaseOptions {
  readonly url: string;
  readonly schema: string;
  readonly entities: readonly Function[];
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
  onIdleError(error: Error): void;
}

/** TypeORM over one schema, for queries. Not connected yet: `initialize` does that. */
export const readDatabase = (options: ReadDatabaseOptions): DataSource =>
  new DataSource({
    type: 'postgres',
    driver: pg, // handed in, so that it is bundled: TypeORM would look for the package at run time
    url: options.url,
    entities: options.entities as MixedList<Function>,
    synchronize: false,
    migrationsRun: false,
    logging: false,
    poolErrorHandler: options.onIdleError,
    extra: {
      max: options.connectionsMax,
      connectionTimeoutMillis: 3_000,
      idleTimeoutMillis: 30_000,
      statement_timeout: options.statementTimeoutMs,
      query_timeout: options.statementTimeoutMs + 2_000,
      keepAlive: true,
      application_name: `evenkeel ${options.schema} reads`,
      options: sessionOptions(options.schema),
    },
  });

/** The driver gives bigint as text; amounts and seqs are below 2^53. */
export const bigintAsNumber: ValueTransformer = {
  from: (stored: string | null) => (stored === null ? null : Number(stored)),
  to: (value: number) => value,
};
