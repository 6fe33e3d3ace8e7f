import { Client, type Pool } from 'pg';
import { fingerprintOf, stateVersionOf } from '../fingerprint.ts';
import type { ProjectorDefinition, Tx } from '../projection.port.ts';
import { inTransaction, sessionOptions } from './database.ts';
import { tablesOf } from './live-tables.ts';
import { migrate, type MigrationClass } from './migrate.ts';

export const shadowOf = (schema: string): string => `${schema}_shadow`;

/** Beside the tables of a shadow: what is being built, and which indexes are still to be. It is no part of what is swapped in. */
export const planTable = 'rebuild_plan';

export interface ShadowOptions<Event extends { readonly type: string }, State> {
  readonly pool: Pool;
  readonly url: string;
  /** Of the live tables. */
  readonly schema: string;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly migrations: readonly MigrationClass[];
}

/**
 * A shadow to load into: the one that an interrupted rebuild of the very same definition left, else a new one. Indexes that no key needs are
 * taken off until the rows are there. True: it goes on where it was.
 */
export async function openShadow<Event extends { readonly type: string }, State>(options: ShadowOptions<Event, State>): Promise<boolean> {
  const { pool, url, schema, definition, migrations } = options;
  const shadow = shadowOf(schema);
  const plan = planOf(definition, migrations);
  if (await canGoOn(pool, shadow, plan)) return true;
  await dropShadow(pool, schema);
  await migrate({ url, schema: shadow, migrations });
  await inTransaction(pool, async (tx) => {
    const { rows } = await tx.query(
      `select indexname, indexdef from pg_catalog.pg_indexes i where schemaname = $1
       and not exists (select 1 from pg_catalog.pg_constraint c where c.conindid = to_regclass(quote_ident($1) || '.' || quote_ident(indexname)))
       and tablename not in ('parked_record')`,
      [shadow],
    );
    for (const row of rows) await tx.query(`drop index "${shadow}"."${row['indexname']}"`);
    // A table that is being loaded is vacuumed and analyzed in vain. `swapIn` lets it be looked after again.
    for (const table of await tablesOf(tx, shadow)) await tx.query(`alter table "${shadow}"."${table}" set (autovacuum_enabled = off)`);
    for (const { table, column } of await jsonColumns(tx, shadow))
      await tx.query(`alter table "${shadow}"."${table}" alter column "${column}" set statistics 0`);
    await tx.query(`create table "${shadow}"."${planTable}" (plan text not null, indexes text[] not null)`);
    await tx.query(`insert into "${shadow}"."${planTable}" values ($1, $2)`, [plan, rows.map((row) => row['indexdef'])]);
  });
  return false;
}

const planOf = <Event extends { readonly type: string }, State>(
  definition: ProjectorDefinition<Event, State>,
  migrations: readonly MigrationClass[],
): string =>
  JSON.stringify([
    definition.name,
    fingerprintOf(definition),
    stateVersionOf(definition),
    migrations.map((migration) => new migration().name),
  ]);

async function canGoOn(tx: Tx, shadow: string, plan: string): Promise<boolean> {
  if (!(await tablesOf(tx, shadow)).has(planTable)) return false;
  const { rows } = await tx.query(`select plan from "${shadow}"."${planTable}"`);
  return rows[0]?.['plan'] === plan;
}

/**
 * Builds what was taken off, and lets the planner know the tables. Safe to repeat. Not one that is empty: of a table that was never analyzed the
 * planner assumes some rows, of one that was analyzed as empty it believes that any index will do, and a plan is kept while the table grows.
 */
export async function buildIndexes(url: string, schema: string): Promise<void> {
  const shadow = shadowOf(schema);
  // A connection of its own: the load's give up on a statement that takes minutes, and may.
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true, options: sessionOptions(shadow) });
  client.on('error', () => undefined); // the query reports it
  await client.connect();
  try {
    const { rows } = await client.query(`select indexes from "${planTable}"`);
    for (const definition of rows[0]?.indexes ?? [])
      await client.query((definition as string).replace(/^CREATE( UNIQUE)? INDEX /, 'CREATE$1 INDEX IF NOT EXISTS '));
    for (const table of await tablesOf(client, shadow)) {
      const { rowCount } = await client.query(`select 1 from "${table}" limit 1`);
      if (rowCount !== 0) await client.query(`analyze "${table}"`);
    }
  } finally {
    await client.end();
  }
}

/** Nobody looks rows up by what is inside of JSON, and to sample it costs an ANALYZE more than all else. */
async function jsonColumns(tx: Tx, schema: string): Promise<readonly { readonly table: string; readonly column: string }[]> {
  const { rows } = await tx.query(
    `select table_name as "table", column_name as "column" from information_schema.columns where table_schema = $1 and data_type = 'jsonb'`,
    [schema],
  );
  return rows as readonly { readonly table: string; readonly column: string }[];
}

export const dropShadow = async (tx: Tx, schema: string): Promise<void> => {
  await tx.query(`drop schema if exists "${shadowOf(schema)}" cascade`);
};
