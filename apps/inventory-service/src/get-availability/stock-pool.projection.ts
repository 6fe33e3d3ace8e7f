import { shardOf, type InventoryEvent, type Sku } from '#contracts';
import { rowProjection } from '#projections';
import { inventoryDecider, streamOf, type Pool } from '../domain/inventory.ts';

/** One region's units of one sku, as the domain counts them. */
export interface StockPoolRow extends Omit<Pool, 'kind'> {
  readonly sku: string;
  readonly home: string;
  readonly shard: string;
  readonly seq: number;
}

const poolPrefix = streamOf.pool('' as Sku);

export const stockPoolsProjection = rowProjection<InventoryEvent, StockPoolRow, 'sku' | 'home'>({
  name: 'stock-pools',
  version: 1,
  table: 'stock_pool',
  columns: {
    sku: 'text',
    home: 'text',
    shard: 'text',
    seq: 'bigint',
    available: 'bigint',
    reserved: 'bigint',
    shipped: 'bigint',
    received: 'bigint',
    adjusted: 'bigint',
    sent: 'bigint',
    arrived: 'bigint',
  },
  key: ['sku', 'home'],
  changes: ({ shard, seq, event }) =>
    inventoryDecider
      .streamsChangedBy(event)
      .filter((stream) => stream.startsWith(poolPrefix))
      .map((stream) => {
        const key = { sku: stream.slice(poolPrefix.length), home: shardOf(shard).home };
        return { key, fold: (row) => ({ ...key, shard, seq, ...unitsAfter(stream, row, event) }) };
      }),
});

function unitsAfter(stream: string, row: StockPoolRow | undefined, event: InventoryEvent): Omit<Pool, 'kind'> {
  const before = row === undefined ? inventoryDecider.initialState(stream) : { ...row, kind: 'pool' as const };
  const { available, reserved, shipped, received, adjusted, sent, arrived } = inventoryDecider.evolve(stream, before, event) as Pool;
  return { available, reserved, shipped, received, adjusted, sent, arrived };
}
