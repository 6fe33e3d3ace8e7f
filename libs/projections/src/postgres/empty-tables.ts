import { stateVersionOf } from '../fingerprint.ts';
import type { ProjectorDefinition, Tx } from '../projection.port.ts';
import { advanceCheckpoint } from './checkpoint-table.ts';

/** Forgets everything that was computed from the log, so that it is computed anew. People's decisions on parked records go too. */
export async function emptyTables<Event extends { readonly type: string }, State>(
  tx: Tx,
  definition: ProjectorDefinition<Event, State>,
  version: number,
  fingerprint: string,
): Promise<void> {
  await advanceCheckpoint(tx, definition.name, version, undefined);
  const projected = definition.projections.flatMap(({ tables }) => tables.map(({ table }) => `"${table}"`));
  await tx.query(`truncate ${[...projected, 'shard_progress', 'stream_state', 'parked_record'].join(', ')}`);
  await tx.query('update feed_checkpoint set checkpoint = null, state_version = $2, fingerprint = $3 where name = $1', [
    definition.name,
    stateVersionOf(definition),
    fingerprint,
  ]);
}
