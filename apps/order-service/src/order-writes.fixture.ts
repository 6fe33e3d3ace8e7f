import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { customerId, type OrderId, region, type Sku, type Topology } from '#contracts';
import { type CallerVerifier, CLOCK, COMMAND_GATEWAY, createServiceApp, HealthRegistry, problem, TOPOLOGY } from '#service-kit';
import type { CommandGateway } from '#shard-log';
import { pino } from 'pino';
import { orderWriteControllers, orderWriteProviders } from './order-writes.providers.ts';
import { CATALOGUE, type Catalogue } from './place-order/catalogue.port.ts';
import { ORDER_OUTCOMES, type OrderOutcome, type OrderOutcomes } from './place-order/order-outcomes.port.ts';

const prices = new Map([
  ['MUG', { name: 'Mug', unitPriceMinor: 500, currency: 'GBP' }],
  ['TEAPOT', { name: 'Teapot', unitPriceMinor: 2_000, currency: 'GBP' }],
  ['CUP-EU', { name: 'Cup', unitPriceMinor: 600, currency: 'EUR' }],
]);
const catalogueWithout = (hidden: ReadonlySet<Sku>): Catalogue => ({
  pricesOf: (skus) =>
    Promise.resolve(new Map(skus.flatMap((sku) => (prices.has(sku) && !hidden.has(sku) ? [[sku, prices.get(sku)!] as const] : [])))),
});

/** `Bearer alice` is alice, `Bearer oscar/operator+importer` has roles too. */
const verifier: CallerVerifier = {
  verify: (authorization) => {
    const [name = '', roles] = (authorization ?? '').replace('Bearer ', '').split('/');
    if (name === '') return Promise.reject(problem('unauthenticated'));
    return Promise.resolve({ subject: name, customerId: customerId(name), roles: new Set(roles?.split('+')) });
  },
};

export const now = '2026-01-02T03:04:05.000Z';

export interface OrderWrites {
  readonly app: NestFastifyApplication;
  readonly asked: { order: OrderId; withinMs: number; maybeBefore: boolean }[];
  /** Skus that the catalogue does not show now, though it sells them. */
  readonly hidden: Set<Sku>;
  /** What `OrderOutcomes` answers. */
  outcome: OrderOutcome | undefined;
  /** Watches that were begun and not closed. */
  watches: number;
  post(
    path: string,
    who: string,
    payload?: object | string,
    headers?: Record<string, string>,
  ): ReturnType<NestFastifyApplication['inject']>;
}

/** The write slices behind real HTTP handling, with a catalogue of three products. */
export async function orderWrites(gateway: CommandGateway): Promise<OrderWrites> {
  const hidden = new Set<Sku>();
  const asked: OrderWrites['asked'] = [];
  const outcomes: OrderOutcomes = {
    watch: (order) => {
      writes.watches += 1;
      return {
        outcome: (within) => {
          asked.push({ order, ...within });
          return Promise.resolve(writes.outcome);
        },
        close: () => (writes.watches -= 1),
      };
    },
  };
  const topology = { homes: [region('east'), region('west')], catalogue: region('east'), partitions: 6 } as unknown as Topology;
  @Module({
    imports: [CqrsModule.forRoot()],
    controllers: orderWriteControllers,
    providers: [
      ...orderWriteProviders,
      { provide: COMMAND_GATEWAY, useValue: gateway },
      { provide: TOPOLOGY, useValue: topology },
      { provide: CATALOGUE, useValue: catalogueWithout(hidden) },
      { provide: ORDER_OUTCOMES, useValue: outcomes },
      { provide: CLOCK, useValue: () => now },
    ],
  })
  class OrderWritesModule {}
  const app = await createServiceApp(OrderWritesModule, { log: pino({ level: 'silent' }), health: new HealthRegistry(), verifier });
  const writes: OrderWrites = {
    app,
    asked,
    hidden,
    outcome: undefined,
    watches: 0,
    post: (path, who, payload = '', headers = {}) =>
      app.inject({
        method: 'POST',
        url: path,
        payload,
        headers: {
          ...(who === '' ? {} : { authorization: `Bearer ${who}` }),
          'idempotency-key': 'k1',
          ...(payload === '' ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      }),
  };
  return writes;
}

export const mugs = (quantity: number) => ({ lines: [{ sku: 'MUG' as Sku, quantity }] });
