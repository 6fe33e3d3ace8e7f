import type { Pool } from 'pg';
import { inTransaction } from '#projections';
import type { FeedCheckpoint } from '#shard-log';
import { entryKey, type StrandedEntry } from './stranded-commit.ts';

export interface StrandedState {
  readonly entries: readonly StrandedEntry[];
  /** How far the logs were read for them; undefined: from their start. */
  readonly checkpoint: FeedCheckpoint | undefined;
}

/** Remembers what was found and what became of it. Losing it loses nothing: the logs are read again, and all is offered once more. */
export interface StrandedStore {
  load(): Promise<StrandedState>;
  /**
   * In one transaction, so that a checkpoint never stands beyond a commit that is not remembered. What became of a commit stays: a leader that was
   * replaced and does not know it may find the commit after that, and nobody would know that it was dealt with.
   */
  save(entries: readonly StrandedEntry[], checkpoint: FeedCheckpoint | undefined): Promise<void>;
}

const tables = `
  create schema if not exists region_agent;
  create table if not exists region_agent.stranded_commit (key text primary key, entry jsonb not null);
  create table if not exists region_agent.stranded_checkpoint (one_row boolean primary key check (one_row), checkpoint jsonb not null)`;

export class PgStrandedStore implements StrandedStore {
  readonly #pool: Pool;
  #created = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async load(): Promise<StrandedState> {
    await this.#create();
    const entries = await this.#pool.query<{ entry: StrandedEntry }>('select entry from region_agent.stranded_commit');
    const stored = await this.#pool.query<{ checkpoint: FeedCheckpoint }>(
      'select checkpoint from region_agent.stranded_checkpoint where one_row',
    );
    return { entries: entries.rows.map(({ entry }) => entry), checkpoint: stored.rows[0]?.checkpoint };
  }

  async save(entries: readonly StrandedEntry[], checkpoint: FeedCheckpoint | undefined): Promise<void> {
    await this.#create();
    await inTransaction(this.#pool, async (tx) => {
      if (entries.length > 0)
        await tx.query(
          `insert into region_agent.stranded_commit (key, entry) select * from unnest($1::text[], $2::jsonb[])
           on conflict (key) do update set entry = excluded.entry where stranded_commit.entry->'commit'->>'offered' = 'not-yet'`,
          [entries.map(entryKey), entries.map((entry) => JSON.stringify(entry))],
        );
      if (checkpoint !== undefined)
        await tx.query(
          `insert into region_agent.stranded_checkpoint (one_row, checkpoint) values (true, $1)
           on conflict (one_row) do update set checkpoint = excluded.checkpoint`,
          [JSON.stringify(checkpoint)],
        );
    });
  }

  async #create(): Promise<void> {
    if (this.#created) return;
    await this.#pool.query(tables);
    this.#created = true;
  }
}
