import type { ProjectedTable, Projection, Tx } from './projection.port.ts';

export interface ProjectionChecksum {
  readonly rows: number;
  /** Decimal text of an integer: the sum of the first 64 bits of each row's MD5, whatever the order of rows. */
  readonly checksum: string;
}

const ofTable = async (tx: Tx, { table, columns }: ProjectedTable): Promise<{ rows: number; sum: bigint }> => {
  const row = `row(${Object.keys(columns)
    .map((name) => `t."${name}"`)
    .join(', ')})::text`;
  const { rows } = await tx.query(
    `select count(*) as rows, coalesce(sum(('x' || left(md5(${row}), 16))::bit(64)::bigint::numeric), 0)::text as sum from "${table}" t`,
  );
  return { rows: Number(rows[0]!['rows']), sum: BigInt(rows[0]!['sum'] as string) };
};

/**
 * Rows and checksum over the declared columns of each projection; equal in two regions that have read the same. Reads whole
 * tables: for people and tests.
 */
export async function checksumsOf(
  tx: Tx,
  projections: readonly Pick<Projection<never>, 'name' | 'tables'>[],
): Promise<Readonly<Record<string, ProjectionChecksum>>> {
  const checksums: Record<string, ProjectionChecksum> = {};
  for (const { name, tables } of projections) {
    let [rows, sum] = [0, 0n];
    for (const table of tables) {
      const one = await ofTable(tx, table);
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
