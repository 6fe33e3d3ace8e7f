import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { readProgress } from './checkpoint-table.ts';
import { inTransaction } from './database.ts';
import { standingOf, tablesOf } from './live-tables.ts';
import { planTable, shadowOf } from './shadow-schema.ts';
import type { ProjectorDefinition, Tx } from '../projection.port.ts';

/** The tables that the last rebuild replaced, kept until the next one. */
export const beforeOf = (schema: string): string => `${schema}_before`;

/** Somebody uses a table that is to be swapped, or it changed meanwhile: nothing was done, and another try may do it. */
export class BusyTablesError extends Error {
  override readonly name = 'BusyTablesError';
}

export const inSchema = async <T>(tx: Tx, schema: string, read: (tx: Tx) => Promise<T>): Promise<T> => {
  await tx.query(`set local search_path = "${schema}"`);
  return read(tx);
};

/** Holds up whoever writes the schema's checkpoint until the transaction ends; those who only read it go on. */
export const lockCheckpoint = (tx: Tx, schema: string): Promise<unknown> =>
  tx.query(`lock table "${schema}".feed_checkpoint in exclusive mode`);

const lockNotAvailable = '55P03';

/**
 * All of them or none, without waiting: a wait would hold up every read that comes after it, and two who wait for each other's tables
 * never end.
 */
async function lockTables(tx: Tx, tables: readonly string[]): Promise<void> {
  try {
    if (tables.length > 0) await tx.query(`lock table ${tables.join(', ')} in access exclusive mode nowait`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== lockNotAvailable) throw error;
    throw new BusyTablesError('a table is being read', { cause: error });
  }
}

const named = (schema: string, tables: Iterable<string>): string[] => Array.from(tables, (table) => `"${schema}"."${table}"`);

/** Whether a swap may be done now, asked while nobody writes either schema. */
export type MaySwap = (tx: Tx) => Promise<boolean>;

/**
 * Puts the shadow's tables, checkpoint and all, in the place of the live ones, and keeps these as `beforeOf`. Readers see the old rows, then the
 * new ones. The live projector finds a checkpoint version that is not its own, and begins anew. False: `may` said no.
 * @throws BusyTablesError
 */
export async function swapIn(pool: Pool, schema: string, name: string, may: MaySwap): Promise<boolean> {
  const [shadow, before] = [shadowOf(schema), beforeOf(schema)];
  return inTransaction(pool, async (tx) => {
    await tx.query(`create schema if not exists "${schema}"`);
    const replaced = await tablesOf(tx, schema);
    if (replaced.has('feed_checkpoint')) await lockCheckpoint(tx, schema);
    if (!(await may(tx))) return false;
    const added = [...(await tablesOf(tx, shadow))].filter((table) => table !== planTable);
    await lockTables(tx, [...named(schema, replaced), ...named(shadow, added)]);
    if (replaced.has('feed_checkpoint')) await passVersion(tx, shadow, schema, name);
    await tx.query(`drop schema if exists "${before}" cascade`);
    if (replaced.size > 0) await tx.query(`create schema "${before}"`);
    for (const table of named(schema, replaced)) await tx.query(`alter table ${table} set schema "${before}"`);
    for (const table of named(shadow, added)) {
      await tx.query(`alter table ${table} reset (autovacuum_enabled)`);
      await tx.query(`alter table ${table} set schema "${schema}"`);
    }
    await tx.query(`drop schema "${shadow}" cascade`);
    return true;
  });
}

const undoTriesMax = 400;
const undoPauseMs = 25;

export type UndoOutcome = 'undone' | 'nothing-to-undo' | 'other-definition';

/**
 * Exchanges the live tables and those that the last rebuild replaced, which are behind by what happened since: their projector reads on from
 * the checkpoint that they were left with. Done twice it is as before. @throws BusyTablesError when for 10 s somebody read them at each try
 */
export async function swapBack<Event extends { readonly type: string }, State>(
  pool: Pool,
  schema: string,
  definition: ProjectorDefinition<Event, State>,
): Promise<UndoOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      return await swapBackNow(pool, schema, definition);
    } catch (error) {
      if (!(error instanceof BusyTablesError) || tries >= undoTriesMax) throw error;
      await delay(undoPauseMs);
    }
  }
}

async function swapBackNow<Event extends { readonly type: string }, State>(
  pool: Pool,
  schema: string,
  definition: ProjectorDefinition<Event, State>,
): Promise<UndoOutcome> {
  const [before, aside] = [beforeOf(schema), `${schema}_aside`];
  return inTransaction(pool, async (tx) => {
    const standing = await standingOf(tx, before, definition);
    if (standing !== 'same') return standing === 'other' ? 'other-definition' : 'nothing-to-undo';
    await lockCheckpoint(tx, schema);
    const [live, old] = [await tablesOf(tx, schema), await tablesOf(tx, before)];
    await lockTables(tx, [...named(schema, live), ...named(before, old)]);
    await passVersion(tx, before, schema, definition.name);
    await tx.query(`alter schema "${before}" rename to "${aside}"`);
    await tx.query(`create schema "${before}"`);
    for (const table of named(schema, live)) await tx.query(`alter table ${table} set schema "${before}"`);
    for (const table of named(aside, old)) await tx.query(`alter table ${table} set schema "${schema}"`);
    await tx.query(`drop schema "${aside}"`);
    return 'undone';
  });
}

/** Above both: no projector can take the row that comes for the one that it has written itself. */
const passVersion = (tx: Tx, coming: string, going: string, name: string): Promise<unknown> =>
  tx.query(
    `update "${coming}".feed_checkpoint c set version = greatest(c.version, g.version) + 1
     from "${going}".feed_checkpoint g where g.name = c.name and c.name = $1`,
    [name],
  );

export const progressIn = (tx: Tx, schema: string): ReturnType<typeof readProgress> => inSchema(tx, schema, readProgress);
