import { assert } from '#kernel';
import { fromColumn, toColumn, type ColumnType } from '../core/columns.ts';
import type { Row, RowTable, Tx } from '../projection.port.ts';
import { prepared } from './prepared.ts';

export type Columns = Readonly<Record<string, ColumnType>>;

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
  await tx.query(
    prepared(upsertText({ table, columns, key }, `${unnestOf(columns, names)} as r(${names.map(quoted).join(', ')})`)),
    arraysOf(columns, names, rows),
  );
}

/** `from`: SQL for the rows, with the table's columns in order. */
export function upsertText({ table, columns, key }: RowTable, from: string): string {
  const names = Object.keys(columns);
  const others = names.filter((name) => !key.includes(name));
  const action =
    others.length === 0 ? 'nothing' : `update set ${others.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')}`;
  const named = names.map(quoted).join(', ');
  return `insert into ${quoted(table)} (${named}) select ${named} from ${from} on conflict (${key.map(quoted).join(', ')}) do ${action}`;
}

/**
 * Writes rows whose keys are distinct: `fresh` were not found in the table (or not looked for), `known` stand there. Only a rebuild asks which
 * is which.
 */
export async function writeMany(
  tx: Tx,
  of: RowTable,
  { fresh, known }: { readonly fresh: readonly Row[]; readonly known: readonly Row[] },
): Promise<void> {
  if (tx.memory === undefined) return upsertMany(tx, of.table, of.columns, of.key, [...fresh, ...known]);
  tx.memory.put(of, fresh, true);
  tx.memory.put(of, known, false);
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
  if (tx.memory !== undefined) return tx.memory.find({ table, columns, key }, keys);
  const names = Object.keys(columns);
  const { rows } = await tx.query(
    prepared(`select ${names.map((name) => `t.${quoted(name)}`).join(', ')} from ${unnestOf(columns, key)} as k(${key.map(quoted).join(', ')})
     join ${quoted(table)} t using (${key.map(quoted).join(', ')})`),
    arraysOf(columns, key, keys),
  );
  return rows.map((row) => Object.fromEntries(names.map((name) => [name, fromColumn(columns[name]!, row[name])])));
}
