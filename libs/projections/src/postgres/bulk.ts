import { assert } from '#kernel';
import { fromColumn, toColumn, type ColumnType } from '../core/columns.ts';
import { together } from '../core/together.ts';
import type { Tx } from '../projection.port.ts';
import { prepared } from './prepared.ts';

export type Columns = Readonly<Record<string, ColumnType>>;
type Row = Readonly<Record<string, unknown>>;

export const quoted = (name: string): string => {
  assert(/^[a-z_][a-z0-9_]*$/.test(name), `not a plain SQL name: ${name}`);
  return `"${name}"`;
};

const arraysOf = (columns: Columns, names: readonly string[], rows: readonly Row[]): unknown[][] =>
  names.map((name) => rows.map((row) => toColumn(columns[name]!, row[name])));

const unnestOf = (columns: Columns, names: readonly string[]): string =>
  `unnest(${names.map((name, i) => `$${i + 1}::${columns[name]}[]`).join(', ')})`;

/**
 * Inserts the rows, or replaces those whose key exists, in one statement. Keys must be distinct within one call.
 * One array parameter per column: the plan does not depend on the number of rows.
 */
export async function upsertMany(tx: Tx, table: string, columns: Columns, key: readonly string[], rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(columns);
  const others = names.filter((name) => !key.includes(name));
  const action =
    others.length === 0 ? 'nothing' : `update set ${others.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')}`;
  await tx.query(
    prepared(`insert into ${quoted(table)} (${names.map(quoted).join(', ')}) select * from ${unnestOf(columns, names)}
     on conflict (${key.map(quoted).join(', ')}) do ${action}`),
    arraysOf(columns, names, rows),
  );
}

/**
 * Writes rows whose keys are distinct: `fresh` were not found in the table (or not looked for), `known` stand there. In a rebuild the fresh
 * ones are copied, several times cheaper than a statement; else it makes no difference which is which.
 */
export async function writeMany(
  tx: Tx,
  { table, columns, key }: { readonly table: string; readonly columns: Columns; readonly key: readonly string[] },
  { fresh, known }: { readonly fresh: readonly Row[]; readonly known: readonly Row[] },
): Promise<void> {
  if (tx.copyRows === undefined) return upsertMany(tx, table, columns, key, [...fresh, ...known]);
  await together([upsertMany(tx, table, columns, key, known), tx.copyRows(table, columns, fresh)]);
}

/** The rows with these keys, in no order; those that do not exist are missing. */
export async function selectMany(
  tx: Tx,
  table: string,
  columns: Columns,
  key: readonly string[],
  keys: readonly Row[],
): Promise<readonly Record<string, unknown>[]> {
  if (keys.length === 0) return [];
  const names = Object.keys(columns);
  const { rows } = await tx.query(
    prepared(`select ${names.map((name) => `t.${quoted(name)}`).join(', ')} from ${unnestOf(columns, key)} as k(${key.map(quoted).join(', ')})
     join ${quoted(table)} t using (${key.map(quoted).join(', ')})`),
    arraysOf(columns, key, keys),
  );
  return rows.map((row) => Object.fromEntries(names.map((name) => [name, fromColumn(columns[name]!, row[name])])));
}
