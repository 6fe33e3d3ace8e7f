import { customerId, homeOf, orderIdOf, region } from '#contracts';
import type { Caller } from '#service-kit';
import { describe, expect, it } from 'vitest';
import { destinationOf, type Incoming, serviceFor } from './destination.ts';
import { publicRoutes } from '../openapi/openapi.controller.ts';

const topology = { homes: [region('east'), region('west')], catalogue: region('east'), partitions: 6 } as never;
const customers = Array.from({ length: 50 }, (_, i) => customerId(`c${i}`));
const eastern = customers.find((id) => homeOf(topology, id) === 'east')!;
const western = customers.find((id) => homeOf(topology, id) === 'west')!;
const caller = (id: string, ...roles: string[]): Caller => ({ subject: id, customerId: customerId(id), roles: new Set(roles) });
const post = (path: string, by: Caller, rest: Partial<Incoming> = {}): Incoming => ({
  method: 'POST',
  path,
  caller: by,
  onBehalfOf: undefined,
  idempotencyKey: undefined,
  body: undefined,
  ...rest,
});
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

it('every documented route is served, and open exactly when it says so', () => {
  for (const route of publicRoutes) {
    const path = route.path.replace('{orderId}', 'ord_x').replace('{sku}', 'A-1');
    expect({ path, served: serviceFor(route.method.toUpperCase(), path)?.open }).toEqual({ path, served: route.access === 'public' });
  }
});

it.each(['/v1/nothing', '/internal/prices', '/v1/orders/x/y', '/v1', '/v1/stock/receipts/x'])('nobody serves POST %s', (path) => {
  expect(serviceFor('POST', path)).toBeUndefined();
});

describe('a write goes to its home', () => {
  it('an order to its customer', () => {
    for (const [customer, home] of [
      [eastern, 'east'],
      [western, 'west'],
    ] as const) {
      expect(destinationOf('order', post('/v1/orders', caller(customer)), topology).home).toBe(home);
      const cancellation = `/v1/orders/${orderIdOf(customer, 'k')}/cancellation`;
      expect(destinationOf('order', post(cancellation, caller(customer)), topology).home).toBe(home);
    }
  });
  it('what is done on behalf of a customer to that customer', () => {
    const ship = post('/v1/orders/x/shipments', caller(eastern, 'operator'), { onBehalfOf: western });
    expect(destinationOf('order', ship, topology).home).toBe('west');
    const imported = post('/v1/orders', caller(eastern, 'importer'), { body: json({ customerId: western }) });
    expect(destinationOf('order', imported, topology).home).toBe('west');
  });
  it('a customer names nobody else', () => {
    const order = post('/v1/orders', caller(eastern), { onBehalfOf: western, body: json({ customerId: western }) });
    expect(destinationOf('order', order, topology).home).toBe('east');
  });
  it('stock to its pool, products to the catalogue', () => {
    const receipt = post('/v1/stock/receipts', caller('op', 'operator'), { body: json({ region: 'west' }) });
    expect(destinationOf('inventory', receipt, topology).home).toBe('west');
    expect(destinationOf('inventory', post('/v1/products/import', caller('op', 'operator')), topology).home).toBe('east');
  });
  it.each([undefined, Buffer.from('{"region":'), json(null), json({ region: 'nowhere' }), json({ region: 7 })])(
    'a body that names no pool stays here',
    (body) => {
      expect(destinationOf('inventory', post('/v1/stock/receipts', caller('op', 'operator'), { body }), topology).home).toBeUndefined();
    },
  );
});

it('a read stays here', () => {
  const read: Incoming = {
    method: 'GET',
    path: '/v1/orders',
    caller: caller(western),
    onBehalfOf: undefined,
    idempotencyKey: undefined,
    body: undefined,
  };
  expect(destinationOf('order', read, topology)).toEqual({ service: 'order', home: undefined });
});
