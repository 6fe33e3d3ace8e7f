import type { Pool } from 'pg';
import type { Region } from '#contracts';
import type { StoredReceiptsFold } from '#regions';
import type { LedgerState } from './receipt-ledger.ts';

/** Where the leading agent goes on after a restart. Losing it loses nothing: the logs are read from 0 again. */
export interface ReceiptCheckpoint {
  readonly version: 2;
  /** Next offset by `topic:partition`. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly topicIds: Readonly<Record<string, string>>;
  readonly ledger: LedgerState;
  /** By region: what its `receipts` log says up to the offset above. */
  readonly receipts: Readonly<Record<Region, StoredReceiptsFold>>;
}

/** Somebody opened the store after this: a new leader. What this one would save is of the past. */
export class CheckpointFencedError extends Error {
  override readonly name = 'CheckpointFencedError';
}

export interface OpenCheckpoint {
  readonly found: ReceiptCheckpoint | undefined;
  /** @throws CheckpointFencedError */
  save(checkpoint: ReceiptCheckpoint): Promise<void>;
}

export interface CheckpointStore {
  /** From now on, nobody who opened it before can save. */
  open(): Promise<OpenCheckpoint>;
}

/**
 * One row of schema `region_agent`, written whole: offsets, cursors and receipts always fit each other, so even an old checkpoint only makes a reader
 * read again. It is fenced all the same: a leader that was replaced and does not know it could put an older one in the place of a newer for ever.
 * The fence is PostgreSQL's own counter, for etcd is what such a leader has lost.
 */
export class PgCheckpointStore implements CheckpointStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async open(): Promise<OpenCheckpoint> {
    await this.#pool.query('create schema if not exists region_agent');
    await this.#pool.query(
      `create table if not exists region_agent.agent_checkpoint (
         one_row boolean primary key check (one_row), leadership bigint not null, checkpoint jsonb, saved_at timestamptz not null)`,
    );
    const { rows } = await this.#pool.query<{ leadership: string; checkpoint: ReceiptCheckpoint | null }>(
      `insert into region_agent.agent_checkpoint (one_row, leadership, checkpoint, saved_at) values (true, 1, null, now())
       on conflict (one_row) do update set leadership = agent_checkpoint.leadership + 1
       returning leadership, checkpoint`,
    );
    const [row] = rows;
    const found = row?.checkpoint?.version === 2 ? row.checkpoint : undefined;
    return { found, save: (checkpoint) => this.#save(row!.leadership, checkpoint) };
  }

  async #save(leadership: string, checkpoint: ReceiptCheckpoint): Promise<void> {
    const { rowCount } = await this.#pool.query(
      'update region_agent.agent_checkpoint set checkpoint = $2, saved_at = now() where one_row and leadership = $1',
      [leadership, JSON.stringify(checkpoint)],
    );
    if (rowCount !== 1) throw new CheckpointFencedError('another agent has taken the lead since: it saves the checkpoint now');
  }
}
