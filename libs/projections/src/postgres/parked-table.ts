import type { ShardId } from '#contracts';
import type { SettledCommit } from '#shard-log';
import { storableText } from '../core/columns.ts';
import { BlockedStreams } from '../core/blocked-streams.ts';
import type { Tx, UnreadableRecord } from '../projection.port.ts';

export type ParkedStatus = 'parked' | 'withheld' | 'skipped' | 'applied';

/** A record that was set aside, as it is listed and announced. */
export interface ParkedRecord {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Null when the headers could not be read. */
  readonly shard: ShardId | null;
  readonly seq: number | null;
  readonly streams: readonly string[];
  readonly reason: string;
  readonly body: string | null;
  readonly status: ParkedStatus;
  readonly parkedAt: string;
}

const selected = `id, topic, partition, "offset", shard, seq, streams, reason, body, status, parked_at`;

const toRecord = (row: Readonly<Record<string, unknown>>): ParkedRecord => ({
  id: row['id'] as string,
  topic: row['topic'] as string,
  partition: row['partition'] as number,
  offset: Number(row['offset']),
  shard: row['shard'] as ShardId | null,
  seq: row['seq'] === null ? null : Number(row['seq']),
  streams: row['streams'] as string[],
  reason: row['reason'] as string,
  body: row['body'] as string | null,
  status: row['status'] as ParkedStatus,
  parkedAt: (row['parked_at'] as Date).toISOString(),
});

export const parkedId = (shard: ShardId, seq: number): string => `${shard}:${seq}`;

export const unreadableId = ({ topic, partition, offset }: Pick<UnreadableRecord, 'topic' | 'partition' | 'offset'>): string =>
  `${topic}:${partition}:${offset}`;

/** `skipped`: somebody decided so before, as the log says. */
export type SetAsideAs = Exclude<ParkedStatus, 'applied'>;

export async function setAside(tx: Tx, settled: SettledCommit, status: SetAsideAs, reason: string): Promise<void> {
  const { commit } = settled;
  await tx.query(
    `insert into parked_record (id, topic, partition, "offset", shard, seq, streams, reason, body, status, decided_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case $10 when 'skipped' then now() end)`,
    [
      parkedId(commit.shard, commit.seq),
      settled.topic,
      settled.partition,
      settled.offset,
      commit.shard,
      commit.seq,
      commit.streams.map(storableText),
      storableText(reason),
      storableText(commit.body),
      status,
    ],
  );
}

/** May be told twice of the same record after a restart: the first stands. */
export async function setAsideUnreadable(tx: Tx, record: UnreadableRecord, status: Exclude<SetAsideAs, 'withheld'>): Promise<void> {
  await tx.query(
    `insert into parked_record (id, topic, partition, "offset", streams, reason, body, status, decided_at)
     values ($1, $2, $3, $4, '{}', $5, $6, $7, case $7 when 'skipped' then now() end) on conflict (id) do nothing`,
    [
      unreadableId(record),
      record.topic,
      record.partition,
      record.offset,
      storableText(record.reason),
      record.value === null ? null : storableText(record.value),
      status,
    ],
  );
}

/** Every stream that waits for a decision. */
export async function readBlocked(tx: Tx): Promise<BlockedStreams> {
  const blocked = new BlockedStreams();
  const { rows } = await tx.query(`select shard, streams from parked_record where status in ('parked', 'withheld') and shard is not null`);
  for (const row of rows) blocked.block(row['shard'] as ShardId, row['streams'] as string[]);
  return blocked;
}

/** What is open in one shard, in order of seq. */
export async function readOpen(tx: Tx, shard: ShardId): Promise<readonly ParkedRecord[]> {
  const { rows } = await tx.query(
    `select ${selected} from parked_record where shard = $1 and status in ('parked', 'withheld') order by seq`,
    [shard],
  );
  return rows.map(toRecord);
}

export async function readParked(tx: Tx, id: string): Promise<ParkedRecord | undefined> {
  const { rows } = await tx.query(`select ${selected} from parked_record where id = $1`, [id]);
  return rows[0] === undefined ? undefined : toRecord(rows[0]);
}

export async function setStatus(tx: Tx, id: string, status: ParkedStatus, reason: string): Promise<void> {
  await tx.query(`update parked_record set status = $2, reason = $3, decided_at = now() where id = $1`, [id, status, storableText(reason)]);
}

/** Records that wait for a decision; what is only withheld goes on with them. */
export async function countParked(tx: Pick<Tx, 'query'>): Promise<number> {
  const { rows } = await tx.query(`select count(*) as parked from parked_record where status = 'parked'`);
  return Number(rows[0]?.['parked'] ?? 0);
}

/** Newest last; everything that is open, then the latest decided ones, at most `limit`. */
export async function listParked(tx: Tx, limit: number): Promise<readonly ParkedRecord[]> {
  const { rows } = await tx.query(
    `select ${selected} from parked_record order by status in ('skipped', 'applied'), parked_at, shard, seq, id limit $1`,
    [limit],
  );
  return rows.map(toRecord);
}

/** The oldest parked records that were not announced in the `parked` topic yet. */
export async function readUnannounced(tx: Tx, limit: number): Promise<readonly ParkedRecord[]> {
  const { rows } = await tx.query(
    `select ${selected} from parked_record where announced_at is null and status = 'parked' order by parked_at, id limit $1`,
    [limit],
  );
  return rows.map(toRecord);
}

export async function markAnnounced(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.query('update parked_record set announced_at = now() where id = any($1::text[])', [ids]);
}

/** Parked commits (what is only withheld goes on with them), oldest first. */
export async function readParkedCommits(tx: Tx, limit: number): Promise<readonly Pick<ParkedRecord, 'id' | 'body'>[]> {
  const { rows } = await tx.query(
    `select id, body from parked_record where status = 'parked' and shard is not null order by shard, seq limit $1`,
    [limit],
  );
  return rows.map((row) => ({ id: row['id'] as string, body: row['body'] as string | null }));
}

/** All that waits for a decision, in no order. */
export async function readParkedIds(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.query(`select id from parked_record where status = 'parked'`);
  return rows.map((row) => row['id'] as string);
}
