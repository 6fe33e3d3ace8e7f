import type { ColumnType } from './core/columns.ts';
import { folding } from './core/fold-error.ts';
import { LeastRecentlyUsed } from './core/least-recently-used.ts';
import { selectMany, writeMany } from './postgres/bulk.ts';
import { partedBy } from './core/parted.ts';
import type { Projection, SettledEvent, Tx } from './projection.port.ts';

/** What one event does to one row. `fold` sees the row as it was, or undefined; what it returns stands (undefined: no row still). */
export type RowChange<Row, Key extends keyof Row> =
  /** The row is written whole, whatever stood there: the old one need not be read. */
  | { readonly key: Pick<Row, Key>; readonly row: Row }
  | { readonly key: Pick<Row, Key>; readonly fold: (row: Row | undefined) => Row | undefined };

export interface RowProjectionSpec<Event, Row, Key extends keyof Row & string> {
  readonly name: string;
  readonly version: number;
  readonly table: string;
  readonly columns: { readonly [C in keyof Row & string]: ColumnType };
  readonly key: readonly Key[];
  /** Pure: the same event gives the same changes. */
  changes(settled: SettledEvent<Event>): readonly RowChange<Row, Key>[];
}

export interface RowProjection<Event, Row> extends Projection<Event> {
  /** The rows that the events give from nothing, in the order of their first change. Pure. */
  fold(events: readonly SettledEvent<Event>[]): readonly Row[];
}

interface IdentifiedChange<Row, Key extends keyof Row> {
  readonly id: string;
  readonly change: RowChange<Row, Key>;
}

type Parts = Parameters<typeof writeMany>[2];

/** Rows kept in memory between batches, so that a row that is changed again soon is not read again. */
const rememberedRowsMax = 10_000;

/** A projection into one table whose rows are folds of events: reads what it must, folds in memory, writes in one statement. */
export function rowProjection<Event, Row extends object, Key extends keyof Row & string>(
  spec: RowProjectionSpec<Event, Row, Key>,
): RowProjection<Event, Row> {
  // A rebuild and the live projector may run in one process: what one remembers is not what the other has stored.
  const memories = new WeakMap<object, LeastRecentlyUsed<Row>>();
  const memoryOf = (writer: object): LeastRecentlyUsed<Row> => {
    const memory = memories.get(writer) ?? new LeastRecentlyUsed<Row>(rememberedRowsMax);
    memories.set(writer, memory);
    return memory;
  };
  const idOf = (key: Pick<Row, Key>): string =>
    spec.key.length === 1 ? String(key[spec.key[0]!]) : spec.key.map((column) => String(key[column])).join('\0');

  const identified = (batch: readonly SettledEvent<Event>[]): readonly IdentifiedChange<Row, Key>[] => {
    const all: IdentifiedChange<Row, Key>[] = [];
    for (const settled of batch) for (const change of spec.changes(settled)) all.push({ id: idOf(change.key), change });
    return all;
  };

  const read = async (
    changes: readonly IdentifiedChange<Row, Key>[],
    tx: Tx,
    remembered: LeastRecentlyUsed<Row>,
  ): Promise<Map<string, Row>> => {
    const rows = new Map<string, Row>();
    const missing = new Map<string, Pick<Row, Key>>();
    const written = new Set<string>();
    for (const { id, change } of changes) {
      if ('row' in change) written.add(id);
      if (rows.has(id) || missing.has(id)) continue;
      const row = remembered.get(id);
      if (row !== undefined) rows.set(id, row);
      else if (!written.has(id)) missing.set(id, change.key);
    }
    for (const row of await selectMany(tx, spec.table, spec.columns, spec.key, [...missing.values()]))
      rows.set(idOf(row as Row), row as Row);
    return rows;
  };

  const foldAll = (changes: readonly IdentifiedChange<Row, Key>[], rows: ReadonlyMap<string, Row>): Map<string, Row> => {
    const changed = new Map<string, Row>();
    for (const { id, change } of changes) {
      const row = 'row' in change ? change.row : change.fold(changed.get(id) ?? rows.get(id));
      if (row !== undefined) changed.set(id, row);
    }
    return changed;
  };

  return {
    name: spec.name,
    version: spec.version,
    tables: [{ table: spec.table, columns: spec.columns }],
    apply: async (batch, tx, writer) => {
      const remembered = memoryOf(writer);
      const changes = folding(spec.name, () => identified(batch));
      const rows = await read(changes, tx, remembered);
      const changed = folding(spec.name, () => foldAll(changes, rows));
      await writeMany(tx, spec, partedBy(changed, rows) as Parts);
      for (const [id, row] of changed) remembered.set(id, row);
    },
    forget: (writer) => memories.delete(writer),
    fold: (events) => [...foldAll(identified(events), new Map()).values()],
  };
}
