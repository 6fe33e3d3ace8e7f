import { Client } from 'pg';
import { z } from 'zod';

export interface OrderState {
  readonly customer: string;
  readonly status: string;
  readonly lines: number;
  readonly units: number;
  readonly totalMinor: number;
  readonly shippedUnits: number;
  readonly returnedUnits: number;
  /** What shipments asked to capture, and returns to refund. */
  readonly shippedMinor: number;
  readonly returnedMinor: number;
}
export interface PaymentState {
  readonly customer: string;
  readonly status: string;
  readonly authorizedMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  /** Captures and refunds that the provider has not answered, or has refused. */
  readonly open: number;
  readonly refused: number;
}
export interface StockState {
  readonly available: number;
  readonly reserved: number;
  /** Sent by a pool and not yet arrived in the other. */
  readonly inTransit: number;
}

/** What one region's projections say about the file's customers and skus; orders and payments by order id, the rest by sku. */
export interface RegionState {
  readonly orders: ReadonlyMap<string, OrderState>;
  readonly payments: ReadonlyMap<string, PaymentState>;
  /** Shipped and not returned, from the orders' lines. */
  readonly netUnits: ReadonlyMap<string, number>;
  readonly stock: ReadonlyMap<string, StockState>;
}

export interface Scope {
  readonly customers: readonly string[];
  readonly skus: readonly string[];
}

const count = z.coerce.number().int();
const text = z.string();
const orderSchema = z.object({
  order_id: text,
  customer_id: text,
  status: text,
  total_minor: count,
  shipped_minor: count,
  returned_minor: count,
  units_ordered: count,
  units_shipped: count,
  units_returned: count,
  lines: count,
});
const paymentSchema = z.object({
  order_id: text,
  customer_id: text,
  status: text,
  authorized_minor: count,
  captured_minor: count,
  refunded_minor: count,
  open: count,
  refused: count,
});
const unitsSchema = z.object({ sku: text, units: count });
const stockSchema = z.object({ sku: text, available: count, reserved: count, in_transit: count });

const ordersSql = `
  select o.order_id, o.customer_id, o.status, o.total_minor, o.shipped_minor, o.returned_minor, o.units_ordered, o.units_shipped,
         o.units_returned, coalesce(l.lines, 0) as lines
    from order_service.orders o
    left join (select order_id, count(*) as lines from order_service.order_line group by order_id) l using (order_id)
   where o.customer_id = any($1)`;
const paymentsSql = `
  select order_id, customer_id, status, authorized_minor, captured_minor, refunded_minor,
         captures_outstanding + refunds_outstanding as open, captures_refused + refunds_refused as refused
    from payment_service.payment where customer_id = any($1)`;
const unitsSql = `
  select l.sku, sum(l.shipped - l.returned) as units
    from order_service.order_line l join order_service.orders o using (order_id)
   where o.customer_id = any($1) group by l.sku`;
const stockSql = `
  select sku, sum(available) as available, sum(reserved) as reserved, sum(sent) - sum(arrived) as in_transit
    from inventory_service.stock_pool where sku = any($1) group by sku`;

/**
 * Reads the tables themselves, in one read-only snapshot: neither the services nor their code are asked, so that none of their
 * mistakes can hide here.
 */
export async function readRegion(postgresUrl: string, { customers, skus }: Scope): Promise<RegionState> {
  const client = new Client({
    connectionString: postgresUrl,
    connectionTimeoutMillis: 10_000,
    query_timeout: 120_000,
    application_name: 'evenkeel-replay',
  });
  await client.connect();
  const rows = async <T extends z.ZodType>(schema: T, sql: string, of: readonly string[]): Promise<readonly z.output<T>[]> =>
    z.array(schema).parse((await client.query(sql, [of])).rows);
  try {
    await client.query('begin isolation level repeatable read read only');
    const orders = await rows(orderSchema, ordersSql, customers);
    const payments = await rows(paymentSchema, paymentsSql, customers);
    const units = await rows(unitsSchema, unitsSql, customers);
    const stock = await rows(stockSchema, stockSql, skus);
    await client.query('commit');
    return {
      orders: new Map(orders.map((row) => [row.order_id, orderOf(row)])),
      payments: new Map(payments.map((row) => [row.order_id, paymentOf(row)])),
      netUnits: new Map(units.map((row) => [row.sku, row.units])),
      stock: new Map(stock.map((row) => [row.sku, { available: row.available, reserved: row.reserved, inTransit: row.in_transit }])),
    };
  } finally {
    await client.end();
  }
}

const orderOf = (row: z.output<typeof orderSchema>): OrderState => ({
  customer: row.customer_id,
  status: row.status,
  lines: row.lines,
  units: row.units_ordered,
  totalMinor: row.total_minor,
  shippedUnits: row.units_shipped,
  returnedUnits: row.units_returned,
  shippedMinor: row.shipped_minor,
  returnedMinor: row.returned_minor,
});

const paymentOf = (row: z.output<typeof paymentSchema>): PaymentState => ({
  customer: row.customer_id,
  status: row.status,
  authorizedMinor: row.authorized_minor,
  capturedMinor: row.captured_minor,
  refundedMinor: row.refunded_minor,
  open: row.open,
  refused: row.refused,
});
