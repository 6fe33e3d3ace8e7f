import { shardOf, type InventoryEvent, type SkuQuantity } from '#contracts';
import { rowProjection } from '#projections';
import { inventoryDecider, streamOf, type Reservation } from '../domain/inventory.ts';

/** The part of an order's reservation that falls into one shard. */
export interface ReservationRow {
  readonly order_id: string;
  readonly shard: string;
  readonly home: string;
  readonly seq: number;
  readonly status: Reservation['status'];
  /** What it holds, what it waits for, and what has left with shipments, net of returns. */
  readonly held: readonly SkuQuantity[];
  readonly awaited: readonly SkuQuantity[];
  readonly shipped: readonly SkuQuantity[];
  /** The domain's own state, from which the columns are read off. */
  readonly state: Reservation;
}

const prefix = streamOf.reservation('');

export const reservationsProjection = rowProjection<InventoryEvent, ReservationRow, 'order_id' | 'shard'>({
  name: 'reservations',
  version: 1,
  table: 'reservation',
  columns: {
    order_id: 'text',
    shard: 'text',
    home: 'text',
    seq: 'bigint',
    status: 'text',
    held: 'jsonb',
    awaited: 'jsonb',
    shipped: 'jsonb',
    state: 'jsonb',
  },
  key: ['order_id', 'shard'],
  changes: ({ shard, seq, event }) =>
    inventoryDecider
      .streamsChangedBy(event)
      .filter((stream) => stream.startsWith(prefix))
      .map((stream) => {
        const key = { order_id: stream.slice(prefix.length), shard };
        return {
          key,
          fold: (row) => {
            const state = inventoryDecider.evolve(stream, row?.state ?? inventoryDecider.initialState(stream), event) as Reservation;
            return { ...key, home: shardOf(shard).home, seq, ...linesOf(state), state };
          },
        };
      }),
});

const linesOf = (state: Reservation): Pick<ReservationRow, 'status' | 'held' | 'awaited' | 'shipped'> => ({
  status: state.status,
  held: state.status === 'reserved' ? state.held : [],
  awaited: state.status === 'awaiting' ? state.lines : [],
  shipped: state.status === 'reserved' || state.status === 'released' ? state.shipped : [],
});
