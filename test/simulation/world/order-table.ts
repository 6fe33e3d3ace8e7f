import { assertNever } from '#kernel';
import type { AnyEvent, CancelReason, CustomerId, OrderEvent, OrderId, OrderStatus, ShardId, Sku } from '#contracts';

export interface OrderLineRow {
  readonly lineNumber: number;
  readonly sku: Sku;
  readonly quantity: number;
  readonly shipped: number;
  readonly returned: number;
}

export interface OrderRow {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly shard: ShardId;
  /** Of the newest commit that changed it. */
  readonly seq: number;
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | null;
  readonly lines: readonly OrderLineRow[];
  readonly totalMinor: number;
  readonly shippedMinor: number;
  readonly returnedMinor: number;
}

/**
 * What a region shows of orders: the two tables of order-service in one. Its projections are pure too, but stand behind a front door with
 * the projector's controllers, which no run from source can load.
 */
export class OrderTable {
  readonly rows = new Map<OrderId, OrderRow>();

  apply(shard: ShardId, seq: number, event: AnyEvent): void {
    if (!event.type.startsWith('Order')) return;
    const row = after(this.rows.get((event as OrderEvent).orderId), { shard, seq }, event as OrderEvent);
    if (row !== undefined) this.rows.set(row.orderId, row);
  }
}

function after(row: OrderRow | undefined, at: Pick<OrderRow, 'shard' | 'seq'>, event: OrderEvent): OrderRow | undefined {
  if (event.type === 'OrderPlaced') {
    const { orderId, customerId, totalMinor } = event;
    const lines = event.lines.map(({ lineNumber, sku, quantity }) => ({ lineNumber, sku, quantity, shipped: 0, returned: 0 }));
    return {
      orderId,
      customer: customerId,
      ...at,
      status: 'pending',
      cancelReason: null,
      lines,
      totalMinor,
      shippedMinor: 0,
      returnedMinor: 0,
    };
  }
  if (row === undefined) return undefined;
  switch (event.type) {
    case 'OrderConfirmed':
      return { ...row, ...at, status: 'confirmed' };
    case 'OrderCancelled':
      return { ...row, ...at, status: 'cancelled', cancelReason: event.reason };
    case 'OrderLinesShipped':
      return { ...row, ...at, shippedMinor: row.shippedMinor + event.captureMinor, lines: moved(row, event.lines, 'shipped') };
    case 'OrderLinesReturned':
      return { ...row, ...at, returnedMinor: row.returnedMinor + event.refundMinor, lines: moved(row, event.lines, 'returned') };
    default:
      return assertNever(event);
  }
}

const moved = (
  { lines }: OrderRow,
  by: readonly { readonly lineNumber: number; readonly quantity: number }[],
  where: 'shipped' | 'returned',
): readonly OrderLineRow[] =>
  lines.map((line) => {
    const quantity = by.reduce((sum, moving) => sum + (moving.lineNumber === line.lineNumber ? moving.quantity : 0), 0);
    return quantity === 0 ? line : { ...line, [where]: line[where] + quantity };
  });

export const unitsIn = (lines: readonly OrderLineRow[], of: 'shipped' | 'returned'): number =>
  lines.reduce((sum, line) => sum + line[of], 0);
