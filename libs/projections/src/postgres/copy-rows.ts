import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { toColumn } from '../core/columns.ts';
import type { CopyRows, PreparedStatement, Tx } from '../projection.port.ts';
import { quoted, type Columns } from './bulk.ts';

/**
 * Rows in the text format of COPY: https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS. Pieces, so that no
 * string of a whole batch is made.
 */
export function* copyText(columns: Columns, rows: readonly Readonly<Record<string, unknown>>[]): Generator<string> {
  const fields = Object.entries(columns);
  let piece = '';
  for (const row of rows) {
    for (let i = 0; i < fields.length; i++) {
      const [name, type] = fields[i]!;
      const field = fieldText(toColumn(type, row[name]) as Scalar);
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

type Scalar = string | number | bigint | boolean | null;

function fieldText(value: Scalar): string {
  if (value === null) return '\\N';
  const text = typeof value === 'string' ? value : String(value);
  return special.test(text) ? text.replace(allSpecial, (character) => escapes[character]!) : text;
}

/**
 * A transaction whose connection also takes streams: what is asked at once is sent one after the other, for a stream and a statement
 * cannot overlap on the wire. After the first failure nothing more is sent.
 */
export function copyingTx(client: PoolClient): Tx {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done;
    done.catch(() => undefined); // its asker is told, and all who come after it
    return done;
  };
  const copyRows: CopyRows = async (table, columns, rows) => {
    if (rows.length === 0) return;
    const text = `copy ${quoted(table)} (${Object.keys(columns).map(quoted).join(', ')}) from stdin`;
    await inTurn(() => pipeline(copyText(columns, rows), client.query(copyFrom(text))));
  };
  return {
    query: (statement: string | PreparedStatement, values?: readonly unknown[]) =>
      inTurn(() => client.query(statement as PreparedStatement, values as unknown[])),
    copyRows,
  };
}
