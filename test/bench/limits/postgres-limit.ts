import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

export interface UpsertLimit {
  /** Rows that were not there before. */
  readonly insertsPerSecond: number;
  /** The same rows again, changed. */
  readonly updatesPerSecond: number;
}

const batchRows = 1_000;
const queryTimeoutMs = 30_000;

/**
 * `INSERT … SELECT unnest(…) ON CONFLICT DO UPDATE`, 1,000 rows a statement and transaction, by one connection, into a table of six columns in
 * a schema of its own in the region's database, which is dropped afterwards. Its durability is the server's, as for our projections.
 */
export async function postgresUpserts(url: string, { seconds }: { readonly seconds: number }): Promise<UpsertLimit> {
  const client = new Client({ connectionString: url, query_timeout: queryTimeoutMs, connectionTimeoutMillis: queryTimeoutMs });
  await client.connect();
  const schema = `bench_raw_${randomUUID().replaceAll('-', '')}`;
  try {
    await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(
      `CREATE TABLE ${schema}.rows (id text PRIMARY KEY, customer text NOT NULL, status text NOT NULL, total bigint NOT NULL, seq bigint NOT NULL, body jsonb NOT NULL)`,
    );
    const batches = await upsertFor(client, schema, seconds, 'pending', Number.POSITIVE_INFINITY);
    const again = await upsertFor(client, schema, seconds, 'confirmed', batches.count);
    return { insertsPerSecond: rowsPerSecond(batches), updatesPerSecond: rowsPerSecond(again) };
  } finally {
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  }
}

interface Batches {
  readonly count: number;
  readonly seconds: number;
}

const rowsPerSecond = ({ count, seconds }: Batches): number => (count * batchRows) / seconds;

async function upsertFor(client: Client, schema: string, seconds: number, status: string, batchesMax: number): Promise<Batches> {
  const text = `INSERT INTO ${schema}.rows SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::jsonb[])
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, total = excluded.total, seq = excluded.seq, body = excluded.body`;
  const startedMs = performance.now();
  let count = 0;
  do {
    const ids = Array.from({ length: batchRows }, (_, i) => `order-${count * batchRows + i}`);
    const body = JSON.stringify({ lines: [1, 2, 3].map((line) => ({ line, sku: `sku-${line}`, quantity: 1, status })) });
    const values = [
      ids,
      ids.map((id) => `of-${id}`),
      ids.map(() => status),
      ids.map((_, i) => i),
      ids.map((_, i) => i),
      ids.map(() => body),
    ];
    await client.query({ name: `upsert-${schema}`, text, values });
    count += 1;
  } while (performance.now() - startedMs < seconds * 1000 && count < batchesMax);
  return { count, seconds: (performance.now() - startedMs) / 1000 };
}
