import { customerId, orderIdOf, type Problem } from '#contracts';
import { DecidingGateway } from '#test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderDecider } from './domain/order.ts';
import { mugs, now, orderWrites, type OrderWrites } from './order-writes.fixture.ts';

const newGateway = () => new DecidingGateway(orderDecider);
let gateway: ReturnType<typeof newGateway>;
let writes: OrderWrites;
const orderId = orderIdOf(customerId('alice'), 'k1');
const at = (what: string) => `/v1/orders/${orderId}/${what}`;
const lines = (quantity: number, lineNumber = 1) => ({ lines: [{ lineNumber, quantity }] });
const forAlice = { 'evenkeel-customer': 'alice' };

beforeEach(async () => {
  gateway = newGateway();
  writes = await orderWrites(gateway);
  await writes.post('/v1/orders', 'alice', mugs(5));
});
afterEach(() => writes.app.close());

const confirmed = () => gateway.happen({ type: 'OrderConfirmed', orderId, confirmedAt: now });
const typesOf = () => gateway.events.map(({ type }) => type);

describe('an order is cancelled', () => {
  it('by its customer, or on its behalf; once', async () => {
    const first = await writes.post(at('cancellation'), 'alice');
    const again = await writes.post(at('cancellation'), 'oscar/operator', '', forAlice);
    expect([first.statusCode, first.json()]).toMatchObject([200, { orderId, durability: 'global' }]);
    expect(again.statusCode).toBe(200);
    expect(typesOf()).toEqual(['OrderPlaced', 'OrderCancelled']);
  });
  it('not once something is shipped', async () => {
    confirmed();
    await writes.post(at('shipments'), 'oscar/operator', lines(1), forAlice);
    const answer = await writes.post(at('cancellation'), 'alice', '', { 'idempotency-key': 'k2' });
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([409, 'order-already-shipped']);
  });
});

describe('lines are shipped and returned', () => {
  beforeEach(confirmed);

  it('shipped by operators, returned by the customer, the key being the id', async () => {
    const shipped = await writes.post(at('shipments'), 'oscar/operator', lines(3), forAlice);
    const again = await writes.post(at('shipments'), 'oscar/operator', lines(3), forAlice);
    const returned = await writes.post(at('returns'), 'alice', lines(2), { 'idempotency-key': 'r1' });
    expect([shipped.statusCode, shipped.json()]).toMatchObject([200, { orderId, shipmentId: 'k1' }]);
    expect(again.statusCode).toBe(200);
    expect([returned.statusCode, returned.json()]).toMatchObject([200, { orderId, returnId: 'r1' }]);
    expect(gateway.events.slice(2)).toMatchObject([
      { type: 'OrderLinesShipped', captureMinor: 1_500 },
      { type: 'OrderLinesReturned', refundMinor: 1_000 },
    ]);
  });

  it.each([
    ['more than ordered', 'shipments', 'oscar/operator', lines(6), 422, 'more-than-ordered', 'lines[0].quantity'],
    ['a line that is none', 'shipments', 'oscar/operator', lines(1, 9), 422, 'line-not-found', 'lines[0].lineNumber'],
    ['more than shipped', 'returns', 'alice', lines(1), 422, 'more-than-shipped', 'lines[0].quantity'],
    ['nothing', 'returns', 'alice', { lines: [] }, 400, 'invalid-request', 'lines'],
    ['zero units', 'returns', 'alice', lines(0), 400, 'invalid-request', 'lines[0].quantity'],
    ['shipped by a customer', 'shipments', 'alice', lines(1), 403, 'forbidden', undefined],
  ])('not %s', async (_name, what, who, body, status, code, field) => {
    const answer = await writes.post(at(what), who, body, forAlice);
    const found = answer.json<Problem>();
    expect([answer.statusCode, found.code, found.errors?.[0]?.field]).toEqual([status, code, field]);
  });

  it('a key is not used again for other lines', async () => {
    await writes.post(at('shipments'), 'oscar/operator', lines(1), forAlice);
    const answer = await writes.post(at('shipments'), 'oscar/operator', lines(2), forAlice);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([422, 'idempotency-key-reused']);
  });
});

describe("somebody else's order is as good as none, and nothing is sent", () => {
  it.each([
    ['cancelled by another customer', 'cancellation', 'bob', {}],
    ['returned by another customer', 'returns', 'bob', {}],
    ['a customer cannot say whose it is', 'cancellation', 'bob', forAlice],
    ["named as another customer's", 'shipments', 'oscar/operator', { 'evenkeel-customer': 'bob' }],
  ])('%s', async (_name, what, who, headers) => {
    confirmed();
    const sent = gateway.sent.length;
    const answer = await writes.post(at(what), who, what === 'cancellation' ? '' : lines(1), headers);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([404, 'order-not-found']);
    expect(gateway.sent.length).toBe(sent);
  });

  it('an order that never was', async () => {
    const answer = await writes.post(`/v1/orders/${orderIdOf(customerId('alice'), 'never')}/cancellation`, 'alice');
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([404, 'order-not-found']);
  });

  it.each(['ord_x', 'ORD', '..%2f', `ord_${'1'.repeat(26)}`])('an id that is none: %s', async (id) => {
    const answer = await writes.post(`/v1/orders/${id}/cancellation`, 'alice');
    expect([answer.statusCode, answer.json<Problem>().errors?.[0]?.field]).toEqual([400, 'orderId']);
  });
});
