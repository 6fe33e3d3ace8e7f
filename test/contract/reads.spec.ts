import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeToken,
  encodeToken,
  inventoryEvents,
  orderAnswerSchema,
  orderEvents,
  orderIdOf,
  orderListAnswerSchema,
  paymentAnswerSchema,
  paymentEvents,
  availabilityAnswerSchema,
  productListAnswerSchema,
  type CustomerId,
  type InventoryEvent,
  type OrderEvent,
  type OrderId,
  type PaymentEvent,
  type ShardId,
  type Sku,
} from '#contracts';
import {
  migrate,
  migrated,
  openProjectionDatabase,
  PROGRESS_WATCH,
  ProgressWatch,
  READ_DATABASE,
  readDatabase,
  type Projection,
  type SettledEvent,
} from '#projections';
import { createServiceApp, HealthRegistry, problem, TOPOLOGY, type CallerVerifier } from '#service-kit';
import { eventually, eventuallyHolds, startTestPostgres, type TestPostgres } from '#test-kit';
import { inventoryMigrations, inventoryProjector } from '../../apps/inventory-service/src/inventory-projector.definition.ts';
import {
  inventoryReadControllers,
  inventoryReadEntities,
  inventoryReadProviders,
} from '../../apps/inventory-service/src/inventory-reads.providers.ts';
import { SettledOrderOutcomes } from '../../apps/order-service/src/order-outcomes/settled-order-outcomes.ts';
import { ShownOutcomes } from '../../apps/order-service/src/order-outcomes/shown-outcomes.ts';
import { orderMigrations, orderProjector } from '../../apps/order-service/src/order-projector.definition.ts';
import { orderReadControllers, orderReadEntities, orderReadProviders } from '../../apps/order-service/src/order-reads.providers.ts';
import { paymentMigrations, paymentProjector } from '../../apps/payment-service/src/payment-projector.definition.ts';
import {
  paymentReadControllers,
  paymentReadEntities,
  paymentReadProviders,
} from '../../apps/payment-service/src/payment-reads.providers.ts';

const alice = 'alice' as CustomerId;
const topology = { homes: ['east', 'west'], catalogue: 'east', partitions: 6 };
const at = '2026-11-21T12:00:00.123Z';

const verifier: CallerVerifier = {
  verify: (authorization) => {
    const name = authorization?.replace('Bearer ', '');
    if (name === undefined) return Promise.reject(problem('unauthenticated'));
    return Promise.resolve({ subject: name, customerId: name as CustomerId, roles: new Set(name === 'olga' ? ['operator'] : []) });
  },
};

interface Service {
  readonly app: NestFastifyApplication;
  readonly pool: Pool;
  readonly close: () => Promise<void>;
}

let postgres: TestPostgres;
let order: Service;
let inventory: Service;
let payment: Service;

type Slices = Pick<Parameters<typeof Module>[0] & object, 'controllers' | 'providers'> & { readonly entities: readonly Function[] };

async function serve(service: 'order' | 'inventory' | 'payment', migrations: typeof orderMigrations, slices: Slices): Promise<Service> {
  const schema = `${service}_service`;
  expect(await migrated({ url: postgres.url, schema, migrations })).toBe(false);
  // Two instances start at once.
  await Promise.all([1, 2].map(() => migrate({ url: postgres.url, schema, migrations })));
  await eventually(() => migrated({ url: postgres.url, schema, migrations }));
  const database = openProjectionDatabase({
    url: postgres.url,
    schema,
    connectionsMax: 2,
    statementTimeoutMs: 5_000,
    onIdleError: () => undefined,
  });
  const { pool } = database;
  const source = await readDatabase({
    url: postgres.url,
    schema,
    entities: slices.entities,
    connectionsMax: 3,
    statementTimeoutMs: 5_000,
    onIdleError: () => undefined,
  }).initialize();
  @Module({
    imports: [CqrsModule.forRoot()],
    controllers: slices.controllers ?? [],
    providers: [
      ...(slices.providers ?? []),
      { provide: READ_DATABASE, useValue: source },
      { provide: PROGRESS_WATCH, useValue: new ProgressWatch({ pool, service, timeoutMs: 5_000 }) },
      { provide: TOPOLOGY, useValue: topology },
    ],
  })
  class ReadsModule {}
  const app = await createServiceApp(ReadsModule, { log: pino({ level: 'silent' }), health: new HealthRegistry(), verifier });
  const close = async (): Promise<void> => {
    await app.close();
    await source.destroy();
    await database.close();
  };
  return { app, pool, close };
}

/** Applies the events as the commits 1, 2, 3, … of a shard, through the projections that the projector runs. */
async function project<E>(pool: Pool, projections: readonly Projection<E>[], shard: ShardId, events: readonly E[]): Promise<void> {
  const batch = events.map((event, index): SettledEvent<E> => ({ shard, seq: index + 1, index: 0, event }));
  for (const projection of projections) await projection.apply(batch, pool, pool);
  await pool.query('insert into shard_progress values ($1, $2)', [shard, batch.length]);
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  order = await serve('order', orderMigrations, {
    controllers: orderReadControllers,
    providers: orderReadProviders,
    entities: orderReadEntities,
  });
  inventory = await serve('inventory', inventoryMigrations, {
    controllers: inventoryReadControllers,
    providers: inventoryReadProviders,
    entities: inventoryReadEntities,
  });
  payment = await serve('payment', paymentMigrations, {
    controllers: paymentReadControllers,
    providers: paymentReadProviders,
    entities: paymentReadEntities,
  });
});
afterAll(async () => {
  await Promise.all([order, inventory, payment].map((service) => service?.close()));
  await postgres.stop();
});

const get = (service: Service, url: string, caller = 'alice', headers: Record<string, string> = {}) =>
  service.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${caller}`, ...headers } });

const placed = (key: string, placedAt = at): Extract<OrderEvent, { type: 'OrderPlaced' }> => ({
  type: 'OrderPlaced',
  orderId: orderIdOf(alice, key),
  customerId: alice,
  currency: 'GBP',
  totalMinor: 500,
  placedAt,
  requestFingerprint: 'a'.repeat(64),
  surcharges: [{ code: 'POST', description: 'carriage', amountMinor: 100 }],
  lines: [
    { lineNumber: 1, sku: 'TEA' as Sku, name: 'Tea', quantity: 3, unitPriceMinor: 100 },
    { lineNumber: 2, sku: 'CUP' as Sku, name: 'Cup', quantity: 1, unitPriceMinor: 100 },
  ],
});
const first = orderIdOf(alice, 'k0');

describe('orders', () => {
  const shard = 'order.west.3' as ShardId;
  beforeAll(async () => {
    const events: OrderEvent[] = [
      ...Array.from({ length: 5 }, (_, i) => placed(`k${i}`, `2026-11-21T12:00:0${i % 3}Z`)),
      { type: 'OrderConfirmed', orderId: first, confirmedAt: at },
      {
        type: 'OrderLinesShipped',
        orderId: first,
        shipmentId: 's',
        lines: [{ lineNumber: 1, quantity: 2, sku: 'TEA' as Sku }],
        captureMinor: 300,
        shippedAt: at,
      },
      {
        type: 'OrderLinesReturned',
        orderId: first,
        returnId: 'r',
        lines: [{ lineNumber: 1, quantity: 1, sku: 'TEA' as Sku }],
        refundMinor: 100,
        returnedAt: at,
      },
      { type: 'OrderCancelled', orderId: orderIdOf(alice, 'k1'), reason: 'out-of-stock', cancelledAt: at },
    ];
    await project(
      order.pool,
      orderProjector.projections,
      shard,
      events.map((event) => orderEvents.decode(orderEvents.encode([event]))[0]!),
    );
  });

  it('tells who waits for an order how it came out', async () => {
    const outcomes = new SettledOrderOutcomes(new ShownOutcomes(order.app.get(READ_DATABASE)));
    const orders = [first, orderIdOf(alice, 'k1'), orderIdOf(alice, 'k2')];
    // One look each, and none that takes longer than a second tells.
    await eventuallyHolds(async () => {
      const told = await Promise.all(orders.map((id) => outcomes.watch(id).outcome({ withinMs: 0, maybeBefore: true })));
      expect(told).toEqual([{ status: 'confirmed' }, { status: 'cancelled' }, undefined]);
    });
  });

  it('shows an order with its lines, and what the answer proves', async () => {
    const response = await get(order, `/v1/orders/${first}`);
    const answer = orderAnswerSchema.parse(response.json());
    expect(answer).toMatchObject({
      orderId: first,
      homeRegion: 'west',
      status: 'confirmed',
      fulfilment: 'partly-shipped',
      totalMinor: 500,
      shippedMinor: 300,
      returnedMinor: 100,
      unitsOrdered: 4,
      unitsShipped: 2,
      unitsReturned: 1,
      cancelReason: null,
      confirmedAt: at,
    });
    expect(answer.lines.map(({ lineNumber, shipped, returned }) => [lineNumber, shipped, returned])).toEqual([
      [1, 2, 1],
      [2, 0, 0],
    ]);
    expect(decodeToken(answer.consistencyToken)).toEqual({ [shard]: 8 });
    expect(response.headers['evenkeel-consistency-token']).toBe(answer.consistencyToken);
  });

  it.each([
    ["somebody else's order", () => get(order, `/v1/orders/${first}`, 'bob'), 404, 'order-not-found'],
    ['an order that does not exist', () => get(order, `/v1/orders/${orderIdOf(alice, 'other')}`), 404, 'order-not-found'],
    ['a word that is no order id', () => get(order, '/v1/orders/42'), 400, 'invalid-request'],
    ['a made-up cursor', () => get(order, '/v1/orders?cursor=nonsense'), 400, 'invalid-request'],
    ['an unknown status', () => get(order, '/v1/orders?status=lost'), 400, 'invalid-request'],
    ['a broken token', () => get(order, '/v1/orders', 'alice', { 'evenkeel-consistency-token': 'v1.!' }), 400, 'invalid-request'],
    [
      'a token from the future',
      () => get(order, '/v1/orders', 'alice', { 'evenkeel-consistency-token': encodeToken({ [shard]: 99 }) }),
      503,
      'consistency-unreached',
    ],
  ])('refuses %s', async (_, ask, status, code) => {
    const response = await ask();
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
  });

  it('lets operators read any order', async () => {
    expect((await get(order, `/v1/orders/${first}`, 'olga')).statusCode).toBe(200);
    const list = await get(order, '/v1/orders', 'olga', { 'evenkeel-customer': 'alice' });
    expect(orderListAnswerSchema.parse(list.json()).orders).toHaveLength(5);
  });

  it("pages through the caller's orders, newest first, each once", async () => {
    const seen: OrderId[] = [];
    const times: string[] = [];
    let cursor: string | null = null;
    do {
      const page = orderListAnswerSchema.parse(
        (await get(order, `/v1/orders?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`)).json(),
      );
      seen.push(...page.orders.map(({ orderId }) => orderId));
      times.push(...page.orders.map(({ placedAt }) => placedAt));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(orderListAnswerSchema.parse((await get(order, '/v1/orders', 'bob')).json()).orders).toEqual([]);
    const cancelled = orderListAnswerSchema.parse((await get(order, '/v1/orders?status=cancelled')).json());
    expect(cancelled.orders.map(({ cancelReason }) => cancelReason)).toEqual(['out-of-stock']);
  });

  it('waits until the projection shows what the token names, and ignores shards of other services', async () => {
    const token = encodeToken({ [shard]: 10, 'payment.west.3': 7_000 });
    const waiting = get(order, `/v1/orders/${first}`, 'alice', { 'evenkeel-consistency-token': token });
    await order.pool.query('update shard_progress set seq = 10');
    expect((await waiting).statusCode).toBe(200);
  });
});

describe('products and stock', () => {
  const sku = 'TEA 1' as Sku;
  const shardOf = (home: string): ShardId => `inventory.${home}.2` as ShardId;
  const decoded = (events: readonly InventoryEvent[]) => events.map((event) => inventoryEvents.decode(inventoryEvents.encode([event]))[0]!);
  beforeAll(async () => {
    const east: InventoryEvent[] = [
      { type: 'ProductListed', sku, name: 'Tea', unitPriceMinor: 250, currency: 'GBP', listedAt: at },
      { type: 'ProductRepriced', sku, unitPriceMinor: 300, currency: 'GBP', repricedAt: at },
      { type: 'StockReceived', receiptId: 'r1', sku, quantity: 10, receivedAt: at },
      { type: 'StockReserved', orderId: first, lines: [{ sku, quantity: 4 }], reservedAt: at },
      { type: 'StockShipped', orderId: first, shipmentId: 's', lines: [{ sku, quantity: 3 }], shippedAt: at },
      { type: 'StockTransferSent', transferId: 't1', sku, quantity: 2, to: 'west' as never, sentAt: at },
    ];
    await project(inventory.pool, inventoryProjector.projections, shardOf('east'), decoded(east));
    const west: InventoryEvent[] = [{ type: 'StockReceived', receiptId: 'r2', sku, quantity: 5, receivedAt: at }];
    await project(inventory.pool, inventoryProjector.projections, shardOf('west'), decoded(west));
  });

  it('shows units by pool and in total; nothing is lost in transit', async () => {
    const answer = availabilityAnswerSchema.parse((await get(inventory, `/v1/products/${encodeURIComponent(sku)}/availability`)).json());
    expect(answer.pools).toEqual([
      { region: 'east', available: 4, reserved: 1, shipped: 3, received: 10, adjusted: 0, sent: 2, arrived: 0 },
      { region: 'west', available: 5, reserved: 0, shipped: 0, received: 5, adjusted: 0, sent: 0, arrived: 0 },
    ]);
    const { available, reserved, shipped, inTransit, received, adjusted } = answer.total;
    expect(available + reserved + shipped + inTransit).toBe(received + adjusted);
    expect(decodeToken(answer.consistencyToken)).toEqual({ [shardOf('east')]: 6, [shardOf('west')]: 1 });
  });

  it('keeps what each reservation holds', async () => {
    const { rows } = await inventory.pool.query('select order_id, home, status, held, shipped from reservation');
    expect(rows).toEqual([
      { order_id: first, home: 'east', status: 'reserved', held: [{ sku, quantity: 1 }], shipped: [{ sku, quantity: 3 }] },
    ]);
  });

  it('lists the catalogue to anybody, and prices to services', async () => {
    const list = await inventory.app.inject({ method: 'GET', url: '/v1/products?limit=1' });
    const page = productListAnswerSchema.parse(list.json());
    expect(page).toMatchObject({ products: [{ sku, name: 'Tea', unitPriceMinor: 300, currency: 'GBP' }], nextCursor: null });
    expect(decodeToken(page.consistencyToken)).toEqual({ [shardOf('east')]: 6 });
    const prices = await inventory.app.inject({ method: 'POST', url: '/internal/prices', payload: { skus: [sku, 'GONE'] } });
    expect(prices.json()).toEqual({ prices: [{ sku, name: 'Tea', unitPriceMinor: 300, currency: 'GBP' }] });
    expect((await inventory.app.inject({ method: 'GET', url: '/v1/products/GONE' })).statusCode).toBe(404);
    expect((await inventory.app.inject({ method: 'GET', url: '/v1/products/GONE/availability' })).statusCode).toBe(404);
    expect((await inventory.app.inject({ method: 'GET', url: `/v1/products/${encodeURIComponent(sku)}` })).json()).toMatchObject({
      name: 'Tea',
    });
  });
});

describe('payments', () => {
  it("shows the payment of the caller's order", async () => {
    const events: PaymentEvent[] = [
      { type: 'PaymentAuthorizationRequested', orderId: first, customerId: alice, amountMinor: 500, currency: 'GBP', requestedAt: at },
      { type: 'PaymentAuthorized', orderId: first, authorizationId: 'auth', authorizedAt: at },
      { type: 'PaymentCaptureRequested', orderId: first, captureId: 'c', amountMinor: 300, currency: 'GBP', requestedAt: at },
      { type: 'PaymentCaptured', orderId: first, captureId: 'c', amountMinor: 300, capturedAt: at },
      { type: 'PaymentRefundRequested', orderId: first, refundId: 'r', amountMinor: 100, currency: 'GBP', requestedAt: at },
    ];
    const shard = 'payment.west.3' as ShardId;
    await project(
      payment.pool,
      paymentProjector.projections,
      shard,
      events.map((event) => paymentEvents.decode(paymentEvents.encode([event]))[0]!),
    );
    const answer = paymentAnswerSchema.parse((await get(payment, `/v1/payments/${first}`)).json());
    expect(answer).toMatchObject({
      status: 'authorized',
      requestedMinor: 500,
      authorizedMinor: 500,
      capturedMinor: 300,
      refundedMinor: 0,
      refundsOutstanding: 1,
    });
    expect((await get(payment, `/v1/payments/${first}`, 'bob')).statusCode).toBe(404);
    expect((await get(payment, `/v1/payments/${first}`, 'olga')).statusCode).toBe(200);
  });
});

describe('while the database is away', () => {
  it('answers 503, and goes on when it is back', async () => {
    const restarted = postgres.crash();
    const during = await get(payment, `/v1/payments/${first}`);
    expect([200, 503]).toContain(during.statusCode);
    await restarted;
    const after = await get(payment, `/v1/payments/${first}`);
    const again = after.statusCode === 200 ? after : await get(payment, `/v1/payments/${first}`);
    expect(again.statusCode).toBe(200);
  });
});

describe('while the tables are rebuilt from nothing', () => {
  it.each([
    ['a table', 'alter table payment_service.payment rename to away', 'alter table payment_service.away rename to payment'],
    ['the schema', 'alter schema payment_service rename to away', 'alter schema away rename to payment_service'],
  ])('without %s answers 503 and when to come again, and goes on when it is there', async (_, goes, comes) => {
    await payment.pool.query(goes);
    const during = await get(payment, `/v1/payments/${first}`);
    await order.pool.query(comes);
    expect(during.statusCode).toBe(503);
    expect(during.headers['retry-after']).toBe('1');
    expect((await get(payment, `/v1/payments/${first}`)).statusCode).toBe(200);
  });
});
