import { beforeAll, describe, expect, it } from 'vitest';
import { eventsTopic, placeOrderAnswerSchema, services } from '#contracts';
import { connectKafkaCluster } from '#shard-log';
import { answered, askApiUntilAnswered, eventually, problemOf, Shop, type ApiRequest, type Customer, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from './shared.system.ts';

let system: WholeSystem;
let shop: Shop;
let customer: Customer;
let stranger: Customer;
let sku: string;
/** An order of `customer`, and the key that placed it. */
let placed: { readonly orderId: string; readonly key: string };

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'bad-input');
  [customer, stranger] = [await shop.customerOf(shop.regions[0]!), await shop.customerOf(shop.regions[1]!)];
  sku = shop.name('sku');
  await shop.stock([{ sku, unitPriceMinor: 100, units: { [shop.regions[0]!]: 100 } }]);
  const key = shop.name('good');
  const { orderId } = await shop.placeConfirmed({ customer, via: customer.home, lines: [{ sku, quantity: 1 }], key });
  placed = { orderId, key };
}, systemStartTimeoutMs);

type Sent = Partial<ApiRequest> & { readonly method?: ApiRequest['method'] };
const line = (fields: object) => ({
  lines: [
    { sku, quantity: 1 },
    { sku, quantity: 1, ...fields },
  ],
});

/** What is wrong, in which the request differs from a good one, and what it is answered with. */
interface BadRequest {
  readonly wrong: string;
  readonly sent: () => Sent;
  readonly code: string;
  readonly status: number;
  readonly field?: string;
}

const badRequests: readonly BadRequest[] = [
  { wrong: 'malformed JSON', sent: () => ({ text: '{"lines": [' }), code: 'malformed-json', status: 400 },
  { wrong: 'no object', sent: () => ({ body: [] }), code: 'invalid-request', status: 400, field: 'body' },
  { wrong: 'lines of a wrong type', sent: () => ({ body: { lines: 'all' } }), code: 'invalid-request', status: 400, field: 'lines' },
  {
    wrong: 'a quantity in quotes',
    sent: () => ({ body: line({ quantity: '2' }) }),
    code: 'invalid-request',
    status: 400,
    field: 'lines[1].quantity',
  },
  {
    wrong: 'a field that there is not',
    sent: () => ({ body: line({ price: 1 }) }),
    code: 'invalid-request',
    status: 400,
    field: 'lines[1].price',
  },
  {
    wrong: 'quantity zero',
    sent: () => ({ body: line({ quantity: 0 }) }),
    code: 'invalid-request',
    status: 400,
    field: 'lines[1].quantity',
  },
  {
    wrong: 'a negative quantity',
    sent: () => ({ body: line({ quantity: -1 }) }),
    code: 'invalid-request',
    status: 400,
    field: 'lines[1].quantity',
  },
  {
    wrong: 'a huge quantity',
    sent: () => ({ body: line({ quantity: 1e300 }) }),
    code: 'invalid-request',
    status: 400,
    field: 'lines[1].quantity',
  },
  {
    wrong: '10,001 lines',
    sent: () => ({ body: { lines: Array.from({ length: 10_001 }, () => ({ sku, quantity: 1 })) } }),
    code: 'invalid-request',
    status: 400,
    field: 'lines',
  },
  { wrong: 'no key', sent: () => ({ key: '' }), code: 'idempotency-key-required', status: 400, field: 'Idempotency-Key' },
  { wrong: 'a key used with another body', sent: () => ({ key: placed.key, body: line({}) }), code: 'idempotency-key-reused', status: 422 },
  {
    wrong: 'an unknown sku',
    sent: () => ({ body: line({ sku: 'NOBODY-SELLS-IT' }) }),
    code: 'unknown-sku',
    status: 422,
    field: 'lines[1].sku',
  },
  { wrong: 'no token', sent: () => ({ token: '' }), code: 'unauthenticated', status: 401 },
  { wrong: 'a token that is none', sent: () => ({ token: 'not.a.token' }), code: 'unauthenticated', status: 401 },
  {
    wrong: 'a token that somebody changed',
    sent: () => ({ token: customer.token.replace(/\.[^.]+\./, (claims) => `${claims.slice(0, -3)}AA.`) }),
    code: 'unauthenticated',
    status: 401,
  },
  {
    wrong: "a cancellation of someone else's order",
    sent: () => ({ path: `/v1/orders/${placed.orderId}/cancellation`, token: stranger.token, body: undefined }),
    code: 'order-not-found',
    status: 404,
  },
  {
    wrong: "a return of someone else's order, in its owner's name",
    sent: () => ({
      path: `/v1/orders/${placed.orderId}/returns`,
      token: stranger.token,
      headers: { 'evenkeel-customer': customer.id },
      body: { lines: [{ lineNumber: 1, quantity: 1 }] },
    }),
    code: 'order-not-found',
    status: 404,
  },
  {
    wrong: "a look at someone else's order",
    sent: () => ({ method: 'GET', path: `/v1/orders/${placed.orderId}`, token: stranger.token }),
    code: 'order-not-found',
    status: 404,
  },
  {
    wrong: "a customer who does an operator's work",
    sent: () => ({ path: '/v1/stock/receipts', body: { region: customer.home, items: [{ sku, quantity: 1 }] } }),
    code: 'forbidden',
    status: 403,
  },
  { wrong: 'an oversize body', sent: () => ({ text: `{"lines":"${'x'.repeat(1024 * 1024)}"}` }), code: 'body-too-large', status: 413 },
  {
    wrong: 'a body that is not JSON',
    sent: () => ({ headers: { 'content-type': 'text/csv' }, text: 'a,b' }),
    code: 'unsupported-media-type',
    status: 415,
  },
  { wrong: 'a path that there is not', sent: () => ({ path: '/v1/orderz' }), code: 'not-found', status: 404 },
];

/** Ends of all events topics in all regions. */
async function endsOfEvents(): Promise<Readonly<Record<string, readonly number[]>>> {
  const ends: Record<string, readonly number[]> = {};
  for (const region of shop.regions) {
    const cluster = connectKafkaCluster({ brokers: system.topology.regions[region]!.kafka.brokers, clientId: 'bad-input' });
    try {
      for (const service of services) ends[`${region} ${service}`] = await cluster.endOffsets(eventsTopic(service));
    } finally {
      await cluster.close();
    }
  }
  return ends;
}

/** The ends, once nobody writes any more: what earlier journeys began has come to its end. */
async function quietEnds(): ReturnType<typeof endsOfEvents> {
  let before: Awaited<ReturnType<typeof endsOfEvents>> = {};
  return eventually(
    async () => {
      const now = await endsOfEvents();
      const still = JSON.stringify(now) === JSON.stringify(before);
      before = now;
      return still ? now : undefined;
    },
    { withinMs: 60_000, everyMs: 2_000 },
  );
}

const requestOf = (sent: Sent): ApiRequest => ({
  method: 'POST',
  path: '/v1/orders',
  token: customer.token,
  key: shop.name('bad'),
  ...((sent.method ?? 'POST') === 'POST' && sent.text === undefined ? { body: { lines: [{ sku, quantity: 1 }] } } : {}),
  ...sent,
});

describe('bad input', () => {
  it('is a problem that names its code and field, through either region, and nothing is written', async () => {
    const before = await quietEnds();
    const found: unknown[] = [];
    for (const { wrong, sent, code } of badRequests)
      for (const region of shop.regions) {
        const problem = problemOf(await askApiUntilAnswered([shop.storefront(region)], requestOf(sent())), code);
        found.push({ wrong, region, status: problem.status, field: problem.errors?.[0]?.field });
      }
    expect(found).toEqual(
      badRequests.flatMap(({ wrong, status, field }) => shop.regions.map((region) => ({ wrong, region, status, field }))),
    );
    expect(await endsOfEvents()).toEqual(before);
  });

  it('leaves the next good request as good as any', async () => {
    const order = { customer, via: customer.home, lines: [{ sku, quantity: 1 }], key: shop.name('bad') }; // the key of all the bad ones
    answered(await shop.place(order), 201, placeOrderAnswerSchema);
  });
});
