import {
  customerId,
  decodeToken,
  homeOf,
  type OrderCommand,
  orderIdOf,
  partitionOf,
  type PlaceOrderAnswer,
  type Problem,
  region,
  type Sku,
} from '#contracts';
import type { Answer } from '#shard-log';
import { DecidingGateway } from '#test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderDecider } from '../domain/order.ts';
import { mugs, now, orderWrites, type OrderWrites } from '../order-writes.fixture.ts';

const newGateway = () => new DecidingGateway(orderDecider);
let gateway: ReturnType<typeof newGateway>;
let writes: OrderWrites;
beforeEach(async () => {
  gateway = newGateway();
  writes = await orderWrites(gateway);
});
afterEach(() => writes.app.close());

const alice = customerId('alice');
const place = (payload: object | string, headers?: Record<string, string>, who = 'alice') =>
  writes.post('/v1/orders', who, payload, headers);

describe('an order is placed', () => {
  it("in the shard of its customer, at the catalogue's prices, and answered with what that proves", async () => {
    const answer = await place({
      lines: [
        { sku: 'MUG', quantity: 3 },
        { sku: 'TEAPOT', quantity: 1 },
        { sku: 'MUG', quantity: 1 },
      ],
    });
    const orderId = orderIdOf(alice, 'k1');
    const home = homeOf({ homes: [region('east'), region('west')] }, alice);
    const shard = `order.${home}.${partitionOf(orderId, 6)}`;
    const body = answer.json<PlaceOrderAnswer>();
    expect([answer.statusCode, answer.headers['location']]).toEqual([201, `/v1/orders/${orderId}`]);
    expect(body).toMatchObject({ orderId, status: 'pending', durability: 'global', homeRegion: home });
    expect(decodeToken(body.consistencyToken)).toEqual({ [shard]: 1 });
    expect(answer.headers['evenkeel-consistency-token']).toBe(body.consistencyToken);
    expect(gateway.sent[0]).toMatchObject({ shard, key: orderId, correlation: orderId });
    expect(gateway.events).toMatchObject([
      {
        type: 'OrderPlaced',
        orderId,
        customerId: 'alice',
        currency: 'GBP',
        totalMinor: 4_000,
        placedAt: now,
        surcharges: [],
        lines: [
          { lineNumber: 1, sku: 'MUG', name: 'Mug', quantity: 3, unitPriceMinor: 500 },
          { lineNumber: 2, sku: 'TEAPOT', name: 'Teapot', quantity: 1, unitPriceMinor: 2_000 },
          { lineNumber: 3, sku: 'MUG', name: 'Mug', quantity: 1, unitPriceMinor: 500 },
        ],
      },
    ]);
  });

  it('once: asked again with its key it is the same order, and how it came out is told', async () => {
    const first = (await place(mugs(1))).json<PlaceOrderAnswer>();
    writes.outcome = { status: 'confirmed' };
    const again = await place({ currency: undefined, lines: [{ quantity: 1, sku: 'MUG' }] });
    expect([again.statusCode, again.json()]).toEqual([200, { ...first, status: 'confirmed' }]);
    expect(gateway.events.length).toBe(1);
    expect(gateway.sent[0]!.commandId).toBe(gateway.sent[1]!.commandId);
  });

  it('known again, also when what was ordered can be priced no more', async () => {
    const first = (await place(mugs(1))).json<PlaceOrderAnswer>();
    writes.hidden.add('MUG' as Sku);
    for (const headers of [{}, { prefer: 'respond-async' }]) {
      const again = await place(mugs(1), headers);
      expect([again.statusCode, again.json()]).toEqual([200, first]);
    }
    const other = await place(mugs(2));
    expect([other.statusCode, other.json<Problem>().code]).toEqual([422, 'idempotency-key-reused']);
    gateway.next = { kind: 'unknown' };
    expect((await place(mugs(1))).statusCode).toBe(504);
    expect(gateway.events.length).toBe(1);
  });

  it("each customer's keys are its own", async () => {
    const ids = [await place(mugs(1)), await place(mugs(2), {}, 'bob')].map((answer) => answer.json<PlaceOrderAnswer>().orderId);
    expect(new Set(ids).size).toBe(2);
  });

  it('Prefer: wait=N waits for the outcome', async () => {
    writes.outcome = { status: 'cancelled', settled: { seq: 7, durability: 'regional' } };
    const answer = await place(mugs(1), { prefer: 'wait=7' });
    const { status, durability, consistencyToken } = answer.json<PlaceOrderAnswer>();
    expect([answer.statusCode, status, durability]).toEqual([201, 'cancelled', 'regional']);
    expect(Object.values(decodeToken(consistencyToken) ?? {})).toEqual([7]);
    expect(writes.asked).toEqual([{ order: orderIdOf(alice, 'k1'), withinMs: 7_000, maybeBefore: false }]);
    expect(writes.watches).toBe(0);
  });

  it('looks before its own time only for an order that an earlier request placed, and never watches on after its answer', async () => {
    await place(mugs(1));
    await place(mugs(1), { prefer: 'wait=2' });
    gateway.next = { kind: 'unknown' };
    await place(mugs(1));
    expect(writes.asked.map(({ withinMs, maybeBefore }) => [withinMs, maybeBefore])).toEqual([
      [0, false],
      [2_000, true],
    ]);
    expect(writes.watches).toBe(0);
  });

  it('Prefer: respond-async answers when the command is queued, and proves nothing more', async () => {
    const answer = await place(mugs(1), { prefer: 'respond-async' });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      202,
      { status: 'queued', durability: 'none', orderId: orderIdOf(alice, 'k1') },
    ]);
    expect(gateway.events).toEqual([]);
  });
});

describe('an importer', () => {
  it('places orders of others at the prices of then, with surcharges', async () => {
    const body = {
      customerId: 'guest:42',
      lines: [{ sku: 'MUG', quantity: 2, unitPriceMinor: 1 }],
      surcharges: [{ code: 'POST', description: 'Postage', amountMinor: 300 }],
    };
    const answer = await place(body, {}, 'robot/importer');
    expect([answer.statusCode, answer.json<PlaceOrderAnswer>().orderId]).toEqual([201, orderIdOf(customerId('guest:42'), 'k1')]);
    expect(gateway.events).toMatchObject([{ customerId: 'guest:42', totalMinor: 302 }]);
  });
  it.each([
    ['customerId', { ...mugs(1), customerId: 'bob' }],
    ['surcharges', { ...mugs(1), surcharges: [] }],
    ['lines[0].unitPriceMinor', { lines: [{ sku: 'MUG', quantity: 1, unitPriceMinor: 1 }] }],
  ])('nobody else states %s', async (field, body) => {
    const answer = await place(body);
    expect([answer.statusCode, answer.json<Problem>().errors]).toMatchObject([403, [{ field }]]);
    expect(gateway.sent).toEqual([]);
  });
});

describe('bad input is a problem that names its field, and nothing is placed', () => {
  const lines = (quantity: unknown) => ({
    lines: [
      { sku: 'MUG', quantity: 1 },
      { sku: 'MUG', quantity },
    ],
  });
  const many = (count: number) => ({ lines: Array.from({ length: count }, () => ({ sku: 'MUG', quantity: 1 })) });
  it.each([
    ['malformed JSON', '{"lines": [', 400, 'malformed-json', undefined],
    ['no JSON object', '[]', 400, 'invalid-request', 'body'],
    ['lines of a wrong type', { lines: 'all' }, 400, 'invalid-request', 'lines'],
    ['no lines', { lines: [] }, 400, 'invalid-request', 'lines'],
    ['a quantity of a wrong type', lines('2'), 400, 'invalid-request', 'lines[1].quantity'],
    ['quantity zero', lines(0), 400, 'invalid-request', 'lines[1].quantity'],
    ['a negative quantity', lines(-1), 400, 'invalid-request', 'lines[1].quantity'],
    ['half a unit', lines(0.5), 400, 'invalid-request', 'lines[1].quantity'],
    ['a huge quantity', lines(100_001), 400, 'invalid-request', 'lines[1].quantity'],
    ['an absurd quantity', lines(1e300), 400, 'invalid-request', 'lines[1].quantity'],
    ['2,001 lines', many(2_001), 400, 'invalid-request', 'lines'],
    ['10,001 lines', many(10_001), 400, 'invalid-request', 'lines'],
    ['a price of the client', { lines: [{ sku: 'MUG', quantity: 1, price: 1 }] }, 400, 'invalid-request', 'lines[0].price'],
    ['a sku that cannot be', { lines: [{ sku: '', quantity: 1 }] }, 400, 'invalid-request', 'lines[0].sku'],
    [
      'an unknown sku',
      {
        lines: [
          { sku: 'MUG', quantity: 1 },
          { sku: 'NONE', quantity: 1 },
        ],
      },
      422,
      'unknown-sku',
      'lines[1].sku',
    ],
    ['a currency that is none', { ...mugs(1), currency: 'pounds' }, 400, 'invalid-request', 'currency'],
    ['another currency', { ...mugs(1), currency: 'EUR' }, 422, 'currency-mismatch', 'lines[0].sku'],
    [
      'two currencies',
      {
        lines: [
          { sku: 'MUG', quantity: 1 },
          { sku: 'CUP-EU', quantity: 1 },
        ],
      },
      422,
      'currency-mismatch',
      'lines[1].sku',
    ],
  ])('%s', async (_name, payload, status, code, field) => {
    const answer = await place(payload);
    const body = answer.json<Problem>();
    expect([answer.statusCode, body.code, body.errors?.[0]?.field]).toEqual([status, code, field]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(gateway.sent.filter(({ command }) => (command as OrderCommand).type !== 'RecallOrder')).toEqual([]);
  });

  it.each([
    ['a missing key', { 'idempotency-key': '' }, 400, 'idempotency-key-required'],
    ['a key that is too long', { 'idempotency-key': 'k'.repeat(201) }, 400, 'invalid-request'],
    ['a wait that is too long', { prefer: 'wait=61' }, 400, 'invalid-request'],
    ['no token', { authorization: '' }, 401, 'unauthenticated'],
  ])('%s', async (_name, headers, status, code) => {
    const answer = await place(mugs(1), headers);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([status, code]);
    expect(gateway.sent).toEqual([]);
  });

  it('a body above 1 MiB', async () => {
    const answer = await place(`{"lines":"${'x'.repeat(1024 * 1024)}"}`);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([413, 'body-too-large']);
  });

  it('a key used again with another body: 422, and the first order stands', async () => {
    await place(mugs(1));
    const answer = await place(mugs(2));
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([422, 'idempotency-key-reused']);
    expect(gateway.events.length).toBe(1);
  });
});

describe('what a log may answer', () => {
  it.each([
    [{ kind: 'unknown' }, 504, 'outcome-unknown'],
    [{ kind: 'unavailable', reason: 'no broker' }, 503, 'unavailable'],
    [{ kind: 'not-owner', owner: 'west' }, 421, 'not-owned-here'],
    [{ kind: 'settled', durability: 'regional', seq: 4, result: { outcome: 'stream-blocked', streams: ['ord_x'] } }, 503, 'stream-blocked'],
    [
      { kind: 'settled', durability: 'regional', seq: 4, result: { outcome: 'refused', refusal: { code: 'of-the-future' } } },
      409,
      'of-the-future',
    ],
  ] as const)('%j', async (next, status, code) => {
    gateway.next = next as unknown as Answer;
    const answer = await place(mugs(1));
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([status, code]);
    expect(answer.headers['evenkeel-owner']).toBe(next.kind === 'not-owner' ? 'west' : undefined);
  });
  it('a queue that may or may not have taken it', async () => {
    gateway.nextQueued = 'unknown';
    expect((await place(mugs(1), { prefer: 'respond-async' })).statusCode).toBe(504);
  });
});
