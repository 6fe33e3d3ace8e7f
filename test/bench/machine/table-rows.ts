import { Client } from 'pg';
import type { Topology } from '#contracts';

const queryTimeoutMs = 10_000;

/** Rows that all regions' databases have inserted, updated and deleted since they began to count. */
export async function rowsWritten(topology: Topology): Promise<number> {
  const counts = await Promise.all(Object.values(topology.regions).map(({ postgres }) => rowsOf(postgres)));
  return counts.reduce((a, b) => a + b, 0);
}

async function rowsOf(connectionString: string): Promise<number> {
  const client = new Client({ connectionString, query_timeout: queryTimeoutMs, connectionTimeoutMillis: queryTimeoutMs });
  await client.connect();
  try {
    const sql = 'SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::float8 AS rows FROM pg_stat_user_tables';
    const { rows } = await client.query<{ rows: number }>(sql);
    return rows[0]!.rows;
  } finally {
    await client.end();
  }
}
