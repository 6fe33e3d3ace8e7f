import type { ProjectedTable, Projection, Tx } from './projection.port.ts';

export interface ProjectionChecksum {
  readonly rows: number;
  /** Decimal text of an integer: the sum of the first 64 bits of each row's MD5, whatever the order of rows. */
  readonly checksum: string;
}

/**
 * SQL for 64 bits of a row. `portable`: of its text, so that servers of any version agree. `ofThisServer`: of its values, equal when
 * PostgreSQL calls them equal; a third of the price.
 */
const hashes = {
  portable: (row: string) => `('x' || left(md5(${row}::text), 16))::bit(64)::bigint`,
  ofThisServer: (row: string) => `hash_record_extended(${row}, 0)`,
} as const;

const ofTable = async (tx: Tx, { table, columns }: ProjectedTable, hash: keyof typeof hashes): Promise<{ rows: number; sum: bigint }> => {
  const row = `row(${Object.keys(columns)
    .map((name) => `t."${name}"`)
    .join(', ')})`;
  const { rows } = await tx.query(`select count(*) as rows, coalesce(sum(${hashes[hash](row)}), 0)::text as sum from "${table}" t`);
  return { rows: Number(rows[0]!['rows']), sum: BigInt(rows[0]!['sum'] as string) };
};

/**
 * Rows and checksum over the declared columns of each projection; equal in two regions that have read the same. Reads whole
 * tables: for people and tests.
 */
export async function checksumsOf(
  tx: Tx,
  projections: readonly Pick<Projection<never>, 'name' | 'tables'>[],
  hash: keyof typeof hashes = 'portable',
): Promise<Readonly<Record<string, ProjectionChecksum>>> {
  const checksums: Record<string, ProjectionChecksum> = {};
  for (const { name, tables } of projections) {
    let [rows, sum] = [0, 0n];
    for (const table of tables) {
      const one = await ofTable(tx, table, hash);
      rows += one.rows;
      sum += one.sum;
    }
    checksums[name] = { rows, checksum: String(sum) };
  }
  return checksums;
}

/** The stream states as one more entry: what the writers of both regions would start from. */
export const streamStatesTable = {
  name: 'stream-states',
  tables: [{ table: 'stream_state', columns: { shard: 'text', stream_id: 'text', seq: 'bigint', state: 'jsonb' } }],
} as const;
