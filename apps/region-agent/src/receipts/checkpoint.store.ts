import type { Pool } from 'pg';
import type { LedgerState } from './receipt-ledger.ts';

/** Where the agent goes on after a restart. Losing it loses nothing: the mirrors are read from 0 again. */
export interface ReceiptCheckpoint {
  readonly version: 1;
  /** Next offset by `topic:partition`. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly topicIds: Readonly<Record<string, string>>;
  readonly ledger: LedgerState;
}

export interface CheckpointStore {
  load(): Promise<ReceiptCheckpoint | undefined>;
  save(checkpoint: ReceiptCheckpoint): Promise<void>;
}

/** One row of schema `region_agent`: written whole, so that cursors and offsets always fit each other. */
export class PgCheckpointStore implements CheckpointStore {
  readonly #pool: Pool;
  #created = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async load(): Promise<ReceiptCheckpoint | undefined> {
    await this.#create();
    const { rows } = await this.#pool.query<{ checkpoint: ReceiptCheckpoint }>(
      'select checkpoint from region_agent.receipt_checkpoint where one_row',
    );
    return rows[0]?.checkpoint.version === 1 ? rows[0].checkpoint : undefined;
  }

  async save(checkpoint: ReceiptCheckpoint): Promise<void> {
    await this.#create();
    await this.#pool.query(
      `insert into region_agent.receipt_checkpoint (one_row, checkpoint, saved_at) values (true, $1, now())
       on conflict (one_row) do update set checkpoint = excluded.checkpoint, saved_at = excluded.saved_at`,
      [JSON.stringify(checkpoint)],
    );
  }

  async #create(): Promise<void> {
    if (this.#created) return;
    await this.#pool.query('create schema if not exists region_agent');
    await this.#pool.query(
      'create table if not exists region_agent.receipt_checkpoint (one_row boolean primary key check (one_row), checkpoint jsonb not null, saved_at timestamptz not null)',
    );
    this.#created = true;
  }
}
