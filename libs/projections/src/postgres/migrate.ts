import { setTimeout as delay } from 'node:timers/promises';
import pg, { Client } from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { assert } from '#kernel';
import { sessionOptions } from './database.ts';

export type MigrationClass = new () => MigrationInterface;

/** A migration that runs the statements in order, in one transaction. Names end in the milliseconds that TypeORM orders by. */
export function tablesMigration(name: string, statements: readonly string[]): MigrationClass {
  assert(/^[A-Z][A-Za-z]+\d{13}$/.test(name), `${name} does not end in a timestamp of 13 digits`);
  return class implements MigrationInterface {
    readonly name = name;
    async up(runner: QueryRunner): Promise<void> {
      for (const statement of statements) await runner.query(statement);
    }
    down(): Promise<void> {
      return Promise.reject(new Error(`${name} is not undone: projections are dropped and rebuilt instead`));
    }
  };
}

export interface MigrateOptions {
  readonly url: string;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
}

export const migrationsTable = 'schema_migration';
const lockTimeoutMs = 60_000;

const dataSourceOf = ({ url, schema, migrations }: MigrateOptions): DataSource =>
  new DataSource({
    type: 'postgres',
    driver: pg, // handed in, so that it is bundled: TypeORM would look for the package at run time
    url,
    entities: [],
    migrations: [...migrations],
    migrationsTableName: migrationsTable,
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    extra: { max: 1, connectionTimeoutMillis: 5_000, options: sessionOptions(schema) },
  });

/** Creates the schema and brings its tables up to date. Instances that start at once do it one after the other. */
export async function migrate(options: MigrateOptions): Promise<void> {
  const lock = new Client({ connectionString: options.url, connectionTimeoutMillis: 5_000, statement_timeout: lockTimeoutMs });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock(hashtextextended($1, 0))', [`evenkeel.migrate.${options.schema}`]);
    await lock.query(`create schema if not exists "${options.schema}"`);
    const source = await dataSourceOf(options).initialize();
    try {
      await source.runMigrations({ transaction: 'each' });
    } finally {
      await source.destroy();
    }
  } finally {
    await lock.end(); // frees the lock
  }
}

/** Whether every migration has run: asked by processes that only read, before they are ready. False when the database is away. */
export async function migrated({ url, schema, migrations }: MigrateOptions): Promise<boolean> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 2_000,
    statement_timeout: 5_000,
    options: sessionOptions(schema),
  });
  client.on('error', () => undefined); // the query reports it
  try {
    await client.connect();
    const { rows } = await client.query(`select name from ${migrationsTable}`);
    const done = new Set(rows.map((row) => row.name as string));
    return migrations.every((migration) => done.has(new migration().name!));
  } catch {
    return false; // no database, schema or table yet: not migrated
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Polls until the projector has migrated the schema. @throws Error at the deadline */
export async function waitUntilMigrated(options: MigrateOptions, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await migrated(options))) {
    if (performance.now() > deadlineMs)
      throw new Error(`the tables of ${options.schema} are not there after ${timeoutMs} ms: does its projector run?`);
    await delay(200);
  }
}
