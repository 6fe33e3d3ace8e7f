import type { ShardId } from '#contracts';
import type { FeedCheckpoint } from '#shard-log';
import type { Tx } from '../projection.port.ts';
import { upsertMany } from './bulk.ts';
import { prepared } from './prepared.ts';

export interface StoredCheckpoint {
  readonly version: number;
  readonly stateVersion: number;
  readonly fingerprint: string;
  readonly checkpoint: FeedCheckpoint | undefined;
}

/** Another projector wrote the checkpoint since this one read it: nothing of this transaction may stand. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

export async function readCheckpoint(tx: Tx, name: string): Promise<StoredCheckpoint | undefined> {
  const { rows } = await tx.query('select version, state_version, fingerprint, checkpoint from feed_checkpoint where name = $1', [name]);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    version: Number(row['version']),
    stateVersion: row['state_version'] as number,
    fingerprint: row['fingerprint'] as string,
    checkpoint: (row['checkpoint'] as FeedCheckpoint | null) ?? undefined,
  };
}

/** Creates the row before the first batch; does nothing when it stands already. */
export async function createCheckpoint(tx: Tx, name: string, stateVersion: number, fingerprint: string): Promise<void> {
  await tx.query(
    `insert into feed_checkpoint (name, version, state_version, fingerprint, checkpoint) values ($1, 0, $2, $3, null)
     on conflict (name) do nothing`,
    [name, stateVersion, fingerprint],
  );
}

const advance = prepared(
  'update feed_checkpoint set version = version + 1, checkpoint = coalesce($3::jsonb, checkpoint) where name = $1 and version = $2',
);

/**
 * Compare and set, as the first statement of a transaction: it locks the row, so a second projector waits here before it does any
 * work, and then fails. A checkpoint of undefined leaves what stands.
 * @throws OvertakenError
 */
export async function advanceCheckpoint(tx: Tx, name: string, version: number, checkpoint: FeedCheckpoint | undefined): Promise<void> {
  const { rowCount } = await tx.query(advance, [name, version, checkpoint === undefined ? null : JSON.stringify(checkpoint)]);
  if (rowCount !== 1) throw new OvertakenError(`another projector of ${name} has gone on from version ${version}`);
}

/** In the order of the shards' names: one that was overtaken, and finds out only afterwards, cannot deadlock with who goes on. */
export async function advanceShards(tx: Tx, moved: Readonly<Record<ShardId, number>>): Promise<void> {
  const shards = (Object.keys(moved) as ShardId[]).toSorted();
  const rows = shards.map((shard) => ({ shard, seq: moved[shard] }));
  await upsertMany(tx, 'shard_progress', { shard: 'text', seq: 'bigint' }, ['shard'], rows);
}

export async function readProgress(tx: Tx): Promise<Readonly<Record<ShardId, number>>> {
  const { rows } = await tx.query('select shard, seq from shard_progress order by shard');
  return Object.fromEntries(rows.map((row) => [row['shard'] as ShardId, Number(row['seq'])]));
}
