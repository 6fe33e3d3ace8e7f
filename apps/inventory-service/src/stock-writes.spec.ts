import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type BulkWriteAnswer, decodeToken, partitionOf, type Problem, region, type Topology } from '#contracts';
import { type CallerVerifier, CLOCK, COMMAND_GATEWAY, createServiceApp, HealthRegistry, TOPOLOGY } from '#service-kit';
import { DecidingGateway } from '#test-kit';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inventoryDecider } from './domain/inventory.ts';
import { stockWriteControllers, stockWriteProviders } from './stock-writes.providers.ts';

const topology = { homes: [region('east'), region('west')], catalogue: region('east'), partitions: 6 } as unknown as Topology;
const verifier: CallerVerifier = {
  verify: (authorization) =>
    Promise.resolve({ subject: 'someone', customerId: undefined, roles: new Set(authorization === 'Bearer operator' ? ['operator'] : []) }),
};
const newGateway = () => new DecidingGateway(inventoryDecider);
let gateway: ReturnType<typeof newGateway>;
let app: NestFastifyApplication;

beforeEach(async () => {
  gateway = newGateway();
  @Module({
    imports: [CqrsModule.forRoot()],
    controllers: stockWriteControllers,
    providers: [
      ...stockWriteProviders,
      { provide: COMMAND_GATEWAY, useValue: gateway },
      { provide: TOPOLOGY, useValue: topology },
      { provide: CLOCK, useValue: () => '2026-01-02T03:04:05.000Z' },
    ],
  })
  class StockWritesModule {}
  app = await createServiceApp(StockWritesModule, { log: pino({ level: 'silent' }), health: new HealthRegistry(), verifier });
});
afterEach(() => app.close());

const post = (path: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: `/v1/${path}`,
    payload,
    headers: { authorization: 'Bearer operator', 'idempotency-key': 'k1', ...headers },
  });
const items = (...quantities: [string, number][]) => ({ region: 'west', items: quantities.map(([sku, quantity]) => ({ sku, quantity })) });
const product = { sku: 'MUG', name: 'Mug', unitPriceMinor: 500, currency: 'GBP' };

describe('operators', () => {
  it("list products in the catalogue's home, each in its shard", async () => {
    const answer = await post('products/import', { products: [product, { ...product, sku: 'TEAPOT' }] });
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { count: 2, durability: 'global', homeRegion: 'east' }]);
    expect(gateway.events.map(({ type }) => type)).toEqual(['ProductListed', 'ProductListed']);
    const shards = ['MUG', 'TEAPOT'].map((sku) => `inventory.east.${partitionOf(sku, 6)}`);
    expect(Object.keys(decodeToken(answer.json<BulkWriteAnswer>().consistencyToken)!).toSorted()).toEqual([...new Set(shards)].toSorted());
  });

  it('receive stock into a pool; the same request twice is one receipt', async () => {
    await post('stock/receipts', items(['MUG', 5], ['TEAPOT', 2]));
    const again = await post('stock/receipts', items(['MUG', 5], ['TEAPOT', 2]));
    expect([again.statusCode, again.json()]).toMatchObject([200, { count: 2, homeRegion: 'west' }]);
    expect(gateway.events).toMatchObject([
      { type: 'StockReceived', sku: 'MUG', quantity: 5 },
      { type: 'StockReceived', sku: 'TEAPOT', quantity: 2 },
    ]);
    expect(gateway.sent[0]).toMatchObject({ key: 'MUG', shard: `inventory.west.${partitionOf('MUG', 6)}` });
  });

  it('write units off, once', async () => {
    await post('stock/receipts', items(['MUG', 5]));
    const body = { sku: 'MUG', region: 'west', quantityDelta: -2, reason: 'broken' };
    expect((await post('stock/adjustments', body)).statusCode).toBe(200);
    expect((await post('stock/adjustments', body)).statusCode).toBe(200);
    expect(gateway.events.slice(1)).toMatchObject([{ type: 'StockAdjusted', sku: 'MUG', quantityDelta: -2, reason: 'broken' }]);
  });
});

describe('what is refused', () => {
  it.each([
    ['a key used for another quantity', 'stock/receipts', items(['MUG', 6]), 422, 'idempotency-key-reused', 'items[0]'],
    ['one refused entry among others', 'stock/receipts', items(['TEAPOT', 1], ['MUG', 6]), 422, 'not-processable', 'items[1]'],
    [
      'more written off than there is',
      'stock/adjustments',
      { sku: 'MUG', region: 'west', quantityDelta: -6, reason: 'lost' },
      422,
      'stock-not-available',
      'quantityDelta',
    ],
    ['a pool that is none', 'stock/receipts', { ...items(['MUG', 1]), region: 'north' }, 400, 'invalid-request', 'region'],
    ['a sku twice', 'stock/receipts', items(['MUG', 1], ['CUP', 1], ['MUG', 1]), 400, 'invalid-request', 'items[2].sku'],
    ['nothing received', 'stock/receipts', items(['MUG', 0]), 400, 'invalid-request', 'items[0].quantity'],
    ['no items', 'stock/receipts', items(), 400, 'invalid-request', 'items'],
    [
      '1,001 items',
      'stock/receipts',
      items(...Array.from({ length: 1_001 }, (_, i): [string, number] => [`S${i}`, 1])),
      400,
      'invalid-request',
      'items',
    ],
    [
      'an adjustment by nothing',
      'stock/adjustments',
      { sku: 'MUG', region: 'west', quantityDelta: 0, reason: 'x' },
      400,
      'invalid-request',
      'quantityDelta',
    ],
    ['no reason', 'stock/adjustments', { sku: 'MUG', region: 'west', quantityDelta: 1, reason: '' }, 400, 'invalid-request', 'reason'],
    [
      'a negative price',
      'products/import',
      { products: [{ ...product, unitPriceMinor: -1 }] },
      400,
      'invalid-request',
      'products[0].unitPriceMinor',
    ],
    [
      'a price of pence',
      'products/import',
      { products: [{ ...product, unitPriceMinor: 1.5 }] },
      400,
      'invalid-request',
      'products[0].unitPriceMinor',
    ],
    ['a product without a name', 'products/import', { products: [{ ...product, name: '' }] }, 400, 'invalid-request', 'products[0].name'],
  ])('%s', async (_name, path, payload, status, code, field) => {
    await post('stock/receipts', items(['MUG', 5]));
    const answer = await post(path, payload);
    const body = answer.json<Problem>();
    expect([answer.statusCode, body.code, body.errors?.[0]?.field]).toEqual([status, code, field]);
  });

  it('nobody but operators', async () => {
    const answer = await post('stock/receipts', items(['MUG', 5]), { authorization: 'Bearer customer' });
    expect([answer.statusCode, answer.json<Problem>().code, gateway.sent]).toEqual([403, 'forbidden', []]);
  });

  it('an unknown outcome is told, even when another entry is refused', async () => {
    await post('stock/receipts', items(['MUG', 5]));
    gateway.next = { kind: 'unknown' };
    const answer = await post('stock/receipts', items(['TEAPOT', 1], ['MUG', 6]));
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([504, 'outcome-unknown']);
  });
});
