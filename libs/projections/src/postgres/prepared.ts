import { createHash } from 'node:crypto';
import { LeastRecentlyUsed } from '../core/least-recently-used.ts';
import type { PreparedStatement } from '../projection.port.ts';

/** Texts are few: some per table. One that was dropped here gets the same name again. */
const names = new LeastRecentlyUsed<string>(500);

/**
 * The statement under a name, for what runs again and again: a connection parses and plans it once. The name is a hash of the text,
 * so a name means one text on every connection; the driver refuses two texts under one name. Tables are found by the connection's
 * search_path: PostgreSQL plans anew when that, or a table, has changed. When the types of the answer have changed the statement
 * fails (SQLSTATE 0A000), and `inTransaction` drops the connection that remembers it.
 */
export function prepared(text: string): PreparedStatement {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 24);
    names.set(text, name);
  }
  return { name, text };
}
