import type { ShardId } from '#contracts';
import type { FeedCheckpoint, LoadedStreams, Snapshots, StoredStream } from '#shard-log';
import type { Tx } from '../projection.port.ts';
import { readCheckpoint } from './checkpoint-table.ts';
import { prepared } from './prepared.ts';

export interface PgSnapshotsOptions {
  readonly pool: Tx;
  /** The projector's name, and the version of the states that the reader's decider understands. */
  readonly name: string;
  readonly stateVersion: number;
}

const load = prepared(`
  select
    coalesce((select seq from shard_progress where shard = $1), 0)::bigint as persisted_seq,
    (select state_version from feed_checkpoint where name = $3) as state_version,
    (select coalesce(jsonb_agg(jsonb_build_object('streamId', stream_id, 'seq', seq, 'state', state)), '[]')
       from stream_state where shard = $1 and stream_id = any($2::text[])) as streams,
    (select coalesce(array_agg(distinct stream), '{}')
       from parked_record, unnest(streams) as stream
      where shard = $1 and status in ('parked', 'withheld') and stream = any($2::text[])) as blocked`);

/**
 * Snapshots as the region's projector keeps them. `persistedSeq` can go back: a rebuild begins at 0. States that were stored under
 * another version count as not stored at all, so the reader falls back to the log.
 */
export function pgSnapshots({ pool, name, stateVersion }: PgSnapshotsOptions): Snapshots {
  return {
    checkpoint: async (): Promise<FeedCheckpoint | undefined> => {
      const stored = await readCheckpoint(pool, name);
      return stored?.stateVersion === stateVersion ? stored.checkpoint : undefined;
    },
    load: async (shard: ShardId, streamIds: readonly string[]): Promise<LoadedStreams> => {
      const { rows } = await pool.query(load, [shard, streamIds, name]);
      const row = rows[0]!;
      if (row['state_version'] !== stateVersion) return { persistedSeq: 0, streams: [], blocked: [] };
      return {
        persistedSeq: Number(row['persisted_seq']),
        streams: row['streams'] as StoredStream[],
        blocked: row['blocked'] as string[],
      };
    },
  };
}
