import { fingerprintOf, stateVersionOf } from '../fingerprint.ts';
import type { ProjectorDefinition, Tx } from '../projection.port.ts';
import { runtimeTableNames } from './runtime-tables.ts';

/** `absent`: tables or checkpoint are missing. `other`: they were made by another version of the definition. */
export type Standing = 'absent' | 'other' | 'same';

export const tablesOf = async (tx: Tx, schema: string): Promise<ReadonlySet<string>> => {
  const { rows } = await tx.query(`select tablename from pg_catalog.pg_tables where schemaname = $1`, [schema]);
  return new Set(rows.map((row) => row['tablename'] as string));
};

/** What stands in a schema, as this definition sees it. Cheap: looks at the catalogue and at one row. */
export async function standingOf<Event extends { readonly type: string }, State>(
  tx: Tx,
  schema: string,
  definition: ProjectorDefinition<Event, State>,
): Promise<Standing> {
  const tables = await tablesOf(tx, schema);
  if (runtimeTableNames.some((table) => !tables.has(table))) return 'absent';
  const { rows } = await tx.query(`select state_version, fingerprint from "${schema}".feed_checkpoint where name = $1`, [definition.name]);
  const row = rows[0];
  if (row === undefined) return 'absent';
  if (row['fingerprint'] !== fingerprintOf(definition) || row['state_version'] !== stateVersionOf(definition)) return 'other';
  return definition.projections.every((projection) => projection.tables.every(({ table }) => tables.has(table))) ? 'same' : 'absent';
}
