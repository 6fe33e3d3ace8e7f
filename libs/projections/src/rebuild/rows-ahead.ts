import { assert } from '#kernel';
import { SeenKeys } from '../core/seen-keys.ts';
import { selectMany } from '../postgres/bulk.ts';
import type { CopyingTx } from '../postgres/copy-rows.ts';
import { together } from '../core/together.ts';
import type { Row, RowMemory, RowTable, Tx } from '../projection.port.ts';

interface RowAhead {
  readonly row: Row;
  /** No row of its key stands in the table. */
  readonly isNew: boolean;
}

interface TableAhead {
  readonly of: RowTable;
  readonly rows: Map<string, RowAhead>;
}

type Tables = Map<string, TableAhead>;

/**
 * Rows that were folded and are in no table yet, until one transaction writes them all: a row that changes many times meanwhile is written
 * once, and the commits that made it need not stay in memory. While one transaction writes, the next rows gather.
 *
 * In tables that were empty at the start, a key that was never put is known to stand nowhere: it is not looked for.
 */
export class RowsAhead implements RowMemory {
  readonly #tables: Tx;
  #seen: SeenKeys | undefined;
  #gathered: Tables = new Map();
  #underway: Tables = new Map();
  #statements: ((tx: Tx) => Promise<void>)[] = [];

  /** `tables`: where rows are looked for that are not here. */
  constructor(tables: Tx, { areEmpty }: { readonly areEmpty: boolean }) {
    this.#tables = tables;
    this.#seen = areEmpty ? new SeenKeys() : undefined;
  }

  async find(of: RowTable, keys: readonly Row[]): Promise<readonly Row[]> {
    const found: Row[] = [];
    const missing: Row[] = [];
    const [gathered, underway] = [this.#gathered.get(of.table)?.rows, this.#underway.get(of.table)?.rows];
    for (const key of keys) {
      const id = idOf(of, key);
      const ahead = gathered?.get(id) ?? underway?.get(id);
      if (ahead !== undefined) found.push(ahead.row);
      else if (this.#seen?.mayHave(seenAs(of, id)) !== false) missing.push(key);
    }
    if (missing.length === 0) return found;
    return found.concat(await selectMany(this.#tables, of.table, of.columns, of.key, missing));
  }

  put(of: RowTable, rows: readonly Row[], areNew: boolean): void {
    if (rows.length === 0) return;
    const gathered = this.#gathered.get(of.table) ?? { of, rows: new Map<string, RowAhead>() };
    this.#gathered.set(of.table, gathered);
    const underway = this.#underway.get(of.table)?.rows;
    for (const row of rows) {
      const id = idOf(of, row);
      gathered.rows.set(id, {
        row,
        isNew: gathered.rows.get(id)?.isNew ?? (areNew && underway?.has(id) !== true && this.#isFirst(of, id)),
      });
    }
  }

  /** For the transaction that writes the rows: what must stand with them. */
  also(statement: (tx: Tx) => Promise<void>): void {
    this.#statements.push(statement);
  }

  /** The tables are written past this memory, while nothing of it is under way: any key may stand there, and any row be another one. */
  passedBy(): void {
    assert(this.#gathered.size === 0, 'all that was folded is stored before somebody else writes');
    this.#seen = undefined;
    this.#underway = new Map();
  }

  /** Hands over all that has gathered. To be called when what was handed over before is written; the next `take` says so. */
  take(): (tx: CopyingTx) => Promise<void> {
    const [tables, statements] = [this.#gathered, this.#statements];
    this.#underway = tables;
    this.#gathered = new Map();
    this.#statements = [];
    return async (tx) => {
      await together([...statements.map((statement) => statement(tx)), ...[...tables.values()].map((table) => writeTable(tx, table))]);
    };
  }

  #isFirst(of: RowTable, id: string): boolean {
    return this.#seen?.add(seenAs(of, id)) ?? true;
  }
}

const idOf = ({ key }: RowTable, row: Row): string =>
  key.length === 1 ? String(row[key[0]!]) : key.map((column) => String(row[column])).join('\0');
const seenAs = ({ table }: RowTable, id: string): string => `${table}\0${id}`;

async function writeTable(tx: CopyingTx, { of, rows }: TableAhead): Promise<void> {
  const [fresh, known]: [Row[], Row[]] = [[], []];
  for (const { row, isNew } of rows.values()) (isNew ? fresh : known).push(row);
  await together([tx.copyRows(of, fresh), tx.copyOver(of, known)]);
}
