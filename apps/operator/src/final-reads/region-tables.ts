import { Client } from 'pg';
import { z } from 'zod';
import type { FinalLine, FinalOrder, FinalPayment, FinalPool, FinalReservation } from '#checkers';
import {
  cancelReasonSchema,
  customerIdSchema,
  orderIdSchema,
  orderStatusSchema,
  parseShardId,
  paymentStatusSchema,
  regionSchema,
  skuSchema,
  type OrderId,
  type ShardId,
} from '#contracts';

export interface TableScope {
  readonly customers: readonly string[];
  readonly skus: readonly string[];
}

export interface RegionTables {
  readonly orders: readonly FinalOrder[];
  readonly pools: readonly FinalPool[];
  readonly reservations: readonly FinalReservation[];
  readonly payments: readonly FinalPayment[];
}

const count = z.coerce.number().int();
const shardSchema = z
  .string()
  .refine((text) => parseShardId(text) !== undefined)
  .transform((text) => text as ShardId);
const orderSchema = z.object({
  order_id: orderIdSchema,
  customer_id: customerIdSchema,
  status: orderStatusSchema,
  cancel_reason: cancelReasonSchema.nullable(),
  total_minor: count,
  shipped_minor: count,
  returned_minor: count,
});
const lineSchema = z.object({
  order_id: orderIdSchema,
  line_number: count,
  sku: skuSchema,
  quantity: count,
  shipped: count,
  returned: count,
});
const poolSchema = z.object({
  sku: skuSchema,
  home: regionSchema,
  available: count,
  reserved: count,
  shipped: count,
  received: count,
  adjusted: count,
  sent: count,
  arrived: count,
});
const reservationSchema = z.object({
  order_id: orderIdSchema,
  shard: shardSchema,
  home: regionSchema,
  status: z.enum(['awaiting', 'reserved', 'rejected', 'released']),
  held: z.array(z.object({ sku: skuSchema, quantity: z.int() })),
});
const paymentSchema = z.object({
  order_id: orderIdSchema,
  status: paymentStatusSchema,
  authorized_minor: count,
  captured_minor: count,
  refunded_minor: count,
  outstanding: count,
  refused: count,
});

const ordersSql = `
  select order_id, customer_id, status, cancel_reason, total_minor, shipped_minor, returned_minor
    from order_service.orders where customer_id = any($1) order by order_id`;
const linesSql = `
  select l.order_id, l.line_number, l.sku, l.quantity, l.shipped, l.returned
    from order_service.order_line l join order_service.orders o using (order_id)
   where o.customer_id = any($1) order by l.order_id, l.line_number`;
const poolsSql = `
  select sku, home, available, reserved, shipped, received, adjusted, sent, arrived
    from inventory_service.stock_pool where sku = any($1) order by sku, home`;
/** Of those orders, and whatever else holds units of those skus: an order that does not exist has no customer. */
const reservationsSql = `
  select order_id, shard, home, status, held
    from inventory_service.reservation
   where order_id in (select order_id from order_service.orders where customer_id = any($1))
      or exists (select from jsonb_array_elements(held) line where line ->> 'sku' = any($2))
   order by order_id, shard`;
const paymentsSql = `
  select order_id, status, authorized_minor, captured_minor, refunded_minor,
         captures_outstanding + refunds_outstanding as outstanding, captures_refused + refunds_refused as refused
    from payment_service.payment where customer_id = any($1) order by order_id`;

/**
 * All that one region's tables say of these customers and skus, in one read-only snapshot. The tables themselves are read: neither the
 * services nor their code are asked, so that none of their mistakes can hide here. @throws what the database throws, or a row that is not
 * as it should be
 */
export async function readTables(postgresUrl: string, { customers, skus }: TableScope): Promise<RegionTables> {
  const client = new Client({
    connectionString: postgresUrl,
    connectionTimeoutMillis: 10_000,
    query_timeout: 120_000,
    application_name: 'evenkeel-final-reads',
  });
  await client.connect();
  const rows = async <T extends z.ZodType>(
    schema: T,
    sql: string,
    ...of: readonly (readonly string[])[]
  ): Promise<readonly z.output<T>[]> => z.array(schema).parse((await client.query(sql, [...of])).rows);
  try {
    await client.query('begin isolation level repeatable read read only');
    const lines = Map.groupBy(await rows(lineSchema, linesSql, customers), ({ order_id: orderId }) => orderId);
    const orders = (await rows(orderSchema, ordersSql, customers)).map((row) => orderOf(row, lines));
    const pools = await rows(poolSchema, poolsSql, skus);
    const reservations = (await rows(reservationSchema, reservationsSql, customers, skus)).map(
      ({ order_id: orderId, ...row }): FinalReservation => ({ orderId, ...row }),
    );
    const payments = (await rows(paymentSchema, paymentsSql, customers)).map(paymentOf);
    await client.query('commit');
    return { orders, pools, reservations, payments };
  } finally {
    await client.end();
  }
}

const orderOf = (
  { order_id: orderId, ...row }: z.output<typeof orderSchema>,
  lines: ReadonlyMap<OrderId, readonly z.output<typeof lineSchema>[]>,
): FinalOrder => ({
  orderId,
  customer: row.customer_id,
  status: row.status,
  cancelReason: row.cancel_reason,
  lines: (lines.get(orderId) ?? []).map(({ line_number: lineNumber, sku, quantity, shipped, returned }): FinalLine => ({
    lineNumber,
    sku,
    quantity,
    shipped,
    returned,
  })),
  totalMinor: row.total_minor,
  shippedMinor: row.shipped_minor,
  returnedMinor: row.returned_minor,
});

const paymentOf = (row: z.output<typeof paymentSchema>): FinalPayment => ({
  orderId: row.order_id,
  status: row.status,
  authorizedMinor: row.authorized_minor,
  capturedMinor: row.captured_minor,
  refundedMinor: row.refunded_minor,
  outstanding: row.outstanding,
  refused: row.refused,
});
