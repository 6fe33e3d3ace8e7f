import { assertNever } from '#kernel';
import type { OrderEvent, Surcharge } from '#contracts';
import { rowProjection, storedInstant, type RowChange } from '#projections';

/** One order: what is asked of all its lines together. Money that shipments and returns move is summed from their events. */
export interface OrderRow {
  readonly order_id: string;
  readonly shard: string;
  /** Seq of the newest commit that changed the row: what a read that shows it proves. */
  readonly seq: number;
  readonly customer_id: string;
  readonly status: 'pending' | 'confirmed' | 'cancelled';
  readonly currency: string;
  readonly total_minor: number;
  readonly surcharges: readonly Surcharge[];
  readonly shipped_minor: number;
  readonly returned_minor: number;
  readonly units_ordered: number;
  readonly units_shipped: number;
  readonly units_returned: number;
  readonly placed_at: string;
  readonly confirmed_at: string | null;
  readonly cancelled_at: string | null;
  readonly cancel_reason: string | null;
}

const unitsOf = (lines: readonly { readonly quantity: number }[]): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);

export const ordersProjection = rowProjection<OrderEvent, OrderRow, 'order_id'>({
  name: 'orders',
  version: 1,
  table: 'orders',
  columns: {
    order_id: 'text',
    shard: 'text',
    seq: 'bigint',
    customer_id: 'text',
    status: 'text',
    currency: 'text',
    total_minor: 'bigint',
    surcharges: 'jsonb',
    shipped_minor: 'bigint',
    returned_minor: 'bigint',
    units_ordered: 'bigint',
    units_shipped: 'bigint',
    units_returned: 'bigint',
    placed_at: 'timestamptz',
    confirmed_at: 'timestamptz',
    cancelled_at: 'timestamptz',
    cancel_reason: 'text',
  },
  key: ['order_id'],
  changes: ({ shard, seq, event }): readonly RowChange<OrderRow, 'order_id'>[] => {
    const key = { order_id: event.orderId };
    if (event.type === 'OrderPlaced') return [{ key, row: placedRow(shard, seq, event) }];
    return [{ key, fold: (row) => (row === undefined ? undefined : { ...row, shard, seq, ...movedBy(row, event) }) }];
  },
});

function placedRow(shard: string, seq: number, event: Extract<OrderEvent, { type: 'OrderPlaced' }>): OrderRow {
  return {
    order_id: event.orderId,
    shard,
    seq,
    customer_id: event.customerId,
    status: 'pending',
    currency: event.currency,
    total_minor: event.totalMinor,
    surcharges: event.surcharges,
    shipped_minor: 0,
    returned_minor: 0,
    units_ordered: unitsOf(event.lines),
    units_shipped: 0,
    units_returned: 0,
    placed_at: storedInstant(event.placedAt),
    confirmed_at: null,
    cancelled_at: null,
    cancel_reason: null,
  };
}

function movedBy(row: OrderRow, event: Exclude<OrderEvent, { type: 'OrderPlaced' }>): Partial<OrderRow> {
  switch (event.type) {
    case 'OrderConfirmed':
      return { status: 'confirmed', confirmed_at: storedInstant(event.confirmedAt) };
    case 'OrderCancelled':
      return { status: 'cancelled', cancelled_at: storedInstant(event.cancelledAt), cancel_reason: event.reason };
    case 'OrderLinesShipped':
      return { shipped_minor: row.shipped_minor + event.captureMinor, units_shipped: row.units_shipped + unitsOf(event.lines) };
    case 'OrderLinesReturned':
      return { returned_minor: row.returned_minor + event.refundMinor, units_returned: row.units_returned + unitsOf(event.lines) };
    default:
      return assertNever(event);
  }
}
