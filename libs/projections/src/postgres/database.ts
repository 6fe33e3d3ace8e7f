import { Pool, type PoolClient } from 'pg';

export interface ProjectionDatabase {
  readonly url: string;
  readonly schema: string;
  /** Every connection names tables without their schema: a shadow schema takes the same SQL. */
  readonly pool: Pool;
  close(): Promise<void>;
}

/** Settings of a connection to one schema: also what TypeORM is given, so that both see the same tables. */
export const sessionOptions = (schema: string): string => `-c search_path=${schema} -c timezone=UTC -c lock_timeout=10s`;

/**
 * Statements here run again and again and find rows by keys. A generic plan is made once per connection, perhaps while its table is
 * still empty, and kept as the table grows: so it must not scan or hash a whole table, which is what looks cheapest then.
 */
const planning = ['plan_cache_mode=force_generic_plan', 'enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off'].map(
  (setting) => ` -c ${setting}`,
);

export interface OpenDatabase {
  readonly url: string;
  readonly schema: string;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
  /**
   * For a rebuild's shadow: takes COPY, and does not wait for each commit to reach the disk. What a crash takes back, rows and checkpoint
   * together, is read again; the swap itself waits, and with it everything before it.
   */
  readonly forLoading?: boolean;
  /** An idle connection broke: the next query opens a new one. */
  onIdleError(error: Error): void;
}

export function openProjectionDatabase(options: OpenDatabase): ProjectionDatabase {
  const pool = new Pool({
    connectionString: options.url,
    max: options.connectionsMax,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + 5_000,
    keepAlive: true,
    application_name: `evenkeel ${options.schema}`,
    options: sessionOptions(options.schema) + planning.join('') + (options.forLoading === true ? ' -c synchronous_commit=off' : ''),
    pipeline: options.forLoading !== true, // what a transaction asks without needing the answers first is sent at once; a stream cannot be
  });
  pool.on('error', options.onIdleError);
  return { url: options.url, schema: options.schema, pool, close: () => pool.end() };
}

export type Isolation = 'read committed' | 'repeatable read read only';

/** A prepared statement's answer has other types by now: its connection would fail with it for ever. */
const planIsStale = (error: unknown): error is Error => error instanceof Error && (error as { code?: unknown }).code === '0A000';

/**
 * Runs `work` in one transaction; a failure undoes it and is thrown. `work` ends only after all that it asked is answered: it is
 * sent after the begin is answered and before the commit. The connection is dropped when even the undo fails.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
  isolation: Isolation = 'read committed',
): Promise<T> {
  const client = await pool.connect();
  client.on('error', reportedByTheQuery);
  let failure: Error | undefined;
  try {
    await client.query(`begin isolation level ${isolation}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    if (planIsStale(error)) failure = error;
    await client.query('rollback').catch((undoError: Error) => (failure = undoError));
    throw error;
  } finally {
    releaseClient(client, failure);
  }
}

/** A broken connection also fails the query that runs on it; without a listener the process would die of it. */
export const reportedByTheQuery = (): void => undefined;

/** Gives a connection back. A broken one is dropped, and keeps its listener: its last errors may come late. */
export function releaseClient(client: PoolClient, failure: Error | undefined): void {
  client.release(failure);
  if (failure === undefined) client.off('error', reportedByTheQuery);
}
