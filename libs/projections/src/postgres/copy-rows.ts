import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { storableJson, storableText, type ColumnType } from '../core/columns.ts';
import type { PreparedStatement, Row, RowTable, Tx } from '../projection.port.ts';
import { quoted, upsertText, type Columns } from './bulk.ts';
import { together } from '../core/together.ts';

/**
 * Rows in the text format of COPY: https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS. Pieces, so that no
 * string of a whole batch is made.
 */
export function* copyText(columns: Columns, rows: readonly Row[]): Generator<string> {
  const fields = Object.entries(columns);
  let piece = '';
  for (const row of rows) {
    for (let i = 0; i < fields.length; i++) {
      const [name, type] = fields[i]!;
      const field = fieldText(type, row[name]);
      piece += i === 0 ? field : `\t${field}`;
    }
    piece += '\n';
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const pieceChars = 64 * 1024;
const special = /[\\\t\n\r]/;
const allSpecial = /[\\\t\n\r]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function fieldText(type: ColumnType, value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  switch (type) {
    case 'text':
      return escaped(storableText(value as string));
    case 'jsonb': {
      const json = storableJson(value);
      return json.includes('\\') ? escaped(json) : json; // of the special ones JSON has no other
    }
    default:
      return plainText(value as Plain);
  }
}

type Plain = string | number | bigint | boolean;
const plainText = (value: Plain): string => escaped(String(value));
const escaped = (text: string): string => (special.test(text) ? text.replace(allSpecial, (character) => escapes[character]!) : text);

export interface CopyingTx extends Tx {
  /** Adds rows as a stream; their keys are distinct. @throws SQLSTATE 23505 when a key stands in the table already */
  copyRows(of: RowTable, rows: readonly Row[]): Promise<void>;
  /** The same for rows whose key stands in the table: they are replaced. Half the price of an upsert with arrays as parameters. */
  copyOver(of: RowTable, rows: readonly Row[]): Promise<void>;
}

/**
 * A transaction whose connection also takes streams: what is asked at once is sent one after the other, for a stream and a statement
 * cannot overlap on the wire. After the first failure nothing more is sent.
 */
export function copyingTx(client: PoolClient): CopyingTx {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done;
    done.catch(() => undefined); // its asker is told, and all who come after it
    return done;
  };
  const copyRows: CopyingTx['copyRows'] = async ({ table, columns }, rows) => {
    if (rows.length === 0) return;
    const text = `copy ${quoted(table)} (${Object.keys(columns).map(quoted).join(', ')}) from stdin`;
    await inTurn(() => pipeline(copyText(columns, rows), client.query(copyFrom(text))));
  };
  const query = (statement: string | PreparedStatement, values?: readonly unknown[]) =>
    inTurn(() => client.query(statement as PreparedStatement, values as unknown[]));
  const copyOver: CopyingTx['copyOver'] = async (of, rows) => {
    if (rows.length === 0) return;
    const coming = { ...of, table: `${of.table}_coming` };
    await together([
      query(`create temporary table if not exists ${quoted(coming.table)} (like ${quoted(of.table)}) on commit delete rows`),
      copyRows(coming, rows),
      query(upsertText(of, quoted(coming.table))),
    ]);
  };
  return { query, copyRows, copyOver };
}
