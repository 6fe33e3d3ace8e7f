import type { LineQuantity, OrderEvent, OrderId } from '#contracts';
import { rowProjection, type RowChange } from '#projections';

export interface OrderLineRow {
  readonly order_id: string;
  readonly line_number: number;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unit_price_minor: number;
  readonly shipped: number;
  readonly returned: number;
}

type Change = RowChange<OrderLineRow, 'order_id' | 'line_number'>;

export const orderLinesProjection = rowProjection<OrderEvent, OrderLineRow, 'order_id' | 'line_number'>({
  name: 'order-lines',
  version: 1,
  table: 'order_line',
  columns: {
    order_id: 'text',
    line_number: 'int',
    sku: 'text',
    name: 'text',
    quantity: 'bigint',
    unit_price_minor: 'bigint',
    shipped: 'bigint',
    returned: 'bigint',
  },
  key: ['order_id', 'line_number'],
  changes: ({ event }) => {
    switch (event.type) {
      case 'OrderPlaced':
        return event.lines.map(({ lineNumber, sku, name, quantity, unitPriceMinor }): Change => {
          const key = { order_id: event.orderId, line_number: lineNumber };
          return { key, row: { ...key, sku, name, quantity, unit_price_minor: unitPriceMinor, shipped: 0, returned: 0 } };
        });
      case 'OrderLinesShipped':
        return event.lines.map((line) => moved(event.orderId, line, (row) => ({ ...row, shipped: row.shipped + line.quantity })));
      case 'OrderLinesReturned':
        return event.lines.map((line) => moved(event.orderId, line, (row) => ({ ...row, returned: row.returned + line.quantity })));
      default:
        return []; // the order's other events leave its lines alone
    }
  },
});

const moved = (orderId: OrderId, { lineNumber }: LineQuantity, move: (row: OrderLineRow) => OrderLineRow): Change => ({
  key: { order_id: orderId, line_number: lineNumber },
  fold: (row) => (row === undefined ? undefined : move(row)),
});
