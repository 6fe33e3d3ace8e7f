/**
 * Where a request goes: pure, from its method, path, caller and (for those who act for others) body.
 *
 * Reads are answered by the caller's own region, for each region holds everything. Writes go to the owner of the shard's home:
 * the customer's for orders, the pool's for stock, the catalogue's for products. A wrong home is no harm: the service that gets
 * the request computes the shard itself.
 */
import {
  type CustomerId,
  customerIdSchema,
  homeOf,
  operationIdSchema,
  orderIdOf,
  orderIdSchema,
  type Region,
  regionSchema,
  type Service,
  skuSchema,
  type Topology,
} from '#contracts';
import { type Caller, hasRole, mayActForOthers } from '#service-kit';

export interface Incoming {
  readonly method: 'GET' | 'POST';
  /** Without the query. */
  readonly path: string;
  /** Undefined: the route is open to everybody and no token was sent. */
  readonly caller: Caller | undefined;
  readonly onBehalfOf: CustomerId | undefined;
  /** As sent: the service says what is wrong with it. */
  readonly idempotencyKey: string | undefined;
  readonly body: Buffer | undefined;
}

/** `key` decides the shard of the home: an order id, a sku; undefined when it cannot be told, or several stand in one request. `home` undefined: this region answers. */
export interface Destination {
  readonly service: Service;
  readonly home: Region | undefined;
  readonly key?: string | undefined;
}

const served: readonly { readonly method: Incoming['method']; readonly path: RegExp; readonly service: Service; readonly open: boolean }[] =
  [
    { method: 'GET', path: /^\/v1\/products(\/|$)/, service: 'inventory', open: true },
    { method: 'GET', path: /^\/v1\/orders(\/|$)/, service: 'order', open: false },
    { method: 'GET', path: /^\/v1\/payments(\/|$)/, service: 'payment', open: false },
    { method: 'POST', path: /^\/v1\/orders$/, service: 'order', open: false },
    { method: 'POST', path: /^\/v1\/orders\/[^/]+\/(cancellation|returns|shipments)$/, service: 'order', open: false },
    { method: 'POST', path: /^\/v1\/products\/import$/, service: 'inventory', open: false },
    { method: 'POST', path: /^\/v1\/stock\/(receipts|adjustments)$/, service: 'inventory', open: false },
  ];

/** The service that serves the path, and whether a caller is asked for; undefined when nobody serves it. */
export const serviceFor = (method: string, path: string): { readonly service: Service; readonly open: boolean } | undefined =>
  served.find((route) => route.method === method && route.path.test(path));

export function destinationOf(service: Service, incoming: Incoming, topology: Topology): Destination {
  if (incoming.method === 'GET') return { service, home: undefined };
  if (service === 'order') {
    const customer = customerOf(incoming);
    return customer === undefined
      ? { service, home: undefined }
      : { service, home: homeOf(topology, customer), key: orderOf(incoming, customer) };
  }
  if (incoming.path.startsWith('/v1/products/')) return { service, home: topology.catalogue };
  const pool = regionSchema.safeParse(fieldOf(incoming.body, 'region'));
  if (!pool.success || !topology.homes.includes(pool.data)) return { service, home: undefined };
  const sku = skuSchema.safeParse(fieldOf(incoming.body, 'sku'));
  return { service, home: pool.data, key: sku.success ? sku.data : undefined };
}

/** The order that the write is about: named in the path, or derived from the key of the request that places it. */
function orderOf({ path, idempotencyKey }: Incoming, customer: CustomerId): string | undefined {
  const named = orderIdSchema.safeParse(path.split('/')[3]);
  if (named.success) return named.data;
  const key = operationIdSchema.safeParse(idempotencyKey);
  return path === '/v1/orders' && key.success ? orderIdOf(customer, key.data) : undefined;
}

function customerOf({ caller, onBehalfOf, path, body }: Incoming): CustomerId | undefined {
  if (caller === undefined || !mayActForOthers(caller)) return caller?.customerId;
  if (onBehalfOf !== undefined) return onBehalfOf;
  if (path !== '/v1/orders' || !hasRole(caller, 'importer')) return caller.customerId;
  const named = customerIdSchema.safeParse(fieldOf(body, 'customerId'));
  return named.success ? named.data : caller.customerId;
}

/** A field of a JSON object; undefined for whatever is none: the service that gets the body says what is wrong with it. */
function fieldOf(body: Buffer | undefined, field: string): unknown {
  if (body === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  } catch {
    return undefined; // answered by the service, with its problem
  }
}
