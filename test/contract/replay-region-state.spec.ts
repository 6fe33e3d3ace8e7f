import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '#projections';
import { startTestPostgres, type TestPostgres } from '#test-kit';
import { customerId } from '#contracts';
import { InventoryTables } from '../../apps/inventory-service/src/migrations/inventory-tables.migration.ts';
import { regionDifferences } from '../../apps/operator/src/replay/compare/differences.ts';
import { readRegion } from '../../apps/operator/src/replay/compare/region-state.ts';
import { expectationOf } from '../../apps/operator/src/replay/expectation.ts';
import { orderIdOfDocument } from '../../apps/operator/src/replay/replay-document.ts';
import { OrderTables } from '../../apps/order-service/src/migrations/order-tables.migration.ts';
import { PaymentTables } from '../../apps/payment-service/src/migrations/payment-tables.migration.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrate({ url: postgres.url, schema: 'order_service', migrations: [OrderTables] });
  await migrate({ url: postgres.url, schema: 'inventory_service', migrations: [InventoryTables] });
  await migrate({ url: postgres.url, schema: 'payment_service', migrations: [PaymentTables] });
});
afterAll(() => postgres.stop());

const file = [
  { documentNo: '5', stockCode: '10001', quantity: 3, unitPricePence: 100, customer: '1' },
  { documentNo: '5', stockCode: 'POST', quantity: 1, unitPricePence: 50, customer: '1' },
  { documentNo: 'C6', stockCode: '10001', quantity: -1, unitPricePence: 100, customer: '1' },
];

it('the tables that the migrations make are read in the terms of the file, and other customers and skus left out', async () => {
  const id = orderIdOfDocument(customerId('c1'), '5');
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const order = (orderId: string, customer: string): Promise<unknown> =>
    client.query(
      `insert into order_service.orders values ($1, 'order.east.0', 9, $2, 'confirmed', 'GBP', 350, '[]', 350, 100, 3, 3, 1, now(), now(), null, null)`,
      [orderId, customer],
    );
  const line = (orderId: string): Promise<unknown> =>
    client.query(`insert into order_service.order_line values ($1, 1, '10001', 'name', 3, 100, 3, 1)`, [orderId]);
  const payment = (orderId: string, customer: string): Promise<unknown> =>
    client.query(
      `insert into payment_service.payment values ($1, 'payment.east.0', 9, $2, 'GBP', 'authorized', 350, 350, 350, 100, 0, 0, 0, 0, false, null, now())`,
      [orderId, customer],
    );
  const pool = (sku: string, home: string, available: number): Promise<unknown> =>
    client.query(`insert into inventory_service.stock_pool values ($1, $2, 'inventory.east.0', 9, $3, 0, 0, 0, 0, 0, 0)`, [
      sku,
      home,
      available,
    ]);
  for (const [orderId, customer] of [
    [id, 'c1'],
    ['ord_other', 'somebody-else'],
  ] as const) {
    await order(orderId, customer);
    await line(orderId);
    await payment(orderId, customer);
  }
  await pool('10001', 'east', 0);
  await pool('10001', 'west', 1);
  await pool('TEA', 'east', 1000);

  const expectation = await expectationOf(file);
  const read = () => readRegion(postgres.url, { customers: [...expectation.capturedPence.keys()], skus: [...expectation.onHand.keys()] });
  expect(regionDifferences('east', expectation, await read())).toEqual([]);

  await client.query(`update inventory_service.stock_pool set available = 2 where home = 'west'`);
  await client.query(`update payment_service.payment set refunded_minor = 0, refunds_outstanding = 1 where order_id = $1`, [id]);
  await client.end();
  expect(regionDifferences('east', expectation, await read())).toEqual([
    { where: 'east', what: `order 5 (${id}) captures and refunds unanswered`, expected: 0, found: 1 },
    { where: 'east', what: 'customer c1 refunded', expected: 100, found: 0 },
    { where: 'east', what: 'sku 10001 on hand', expected: 1, found: 2 },
  ]);
});
