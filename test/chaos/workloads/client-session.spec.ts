import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HistoryRecorder, type Completion } from '#checkers';
import { customerId, encodeToken, orderIdOf, region, sku, type ShardSeqs } from '#contracts';
import { seededRandom, type Shop } from '#test-kit';
import { ClientSession } from './client-session.ts';
import type { LoadContext } from './load-context.ts';

const east = region('east');
const customer = { id: customerId('c1'), home: east, token: 'a-token' };
const lines = [{ sku: sku('TEA'), quantity: 2 }];
const told: ShardSeqs = { 'order.east.0': 7 };

const shopAt = (url: string): Shop =>
  ({ storefront: () => url, operatorToken: 'an-operator', name: (what: string) => what }) as unknown as Shop;

let server: Server;
/** What the server answers next, and what it was asked. */
let answer: { readonly status: number; readonly body: unknown };
let shown: string | undefined;
let context: LoadContext;
let session: ClientSession;

beforeAll(async () => {
  server = createServer((request, response) => {
    shown = request.headers['evenkeel-consistency-token'] as string | undefined;
    request.resume().on('end', () => {
      response.statusCode = answer.status;
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

beforeEach(() => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shop = shopAt(url);
  context = {
    shop,
    regions: [east],
    recorder: new HistoryRecorder({ partitions: 2 }),
    nowMs: () => 1,
    attempts: [],
    random: seededRandom(1),
    over: new AbortController().signal,
    goods: { plenty: [sku('TEA')], scarce: sku('RARE') },
  };
  session = new ClientSession(context, { name: 's', customer });
});

const orderId = orderIdOf(customer.id, 'k');
const written = { orderId, durability: 'global', homeRegion: 'east', consistencyToken: encodeToken(told) };
const problem = (status: number, code: string) => ({ status, body: { type: 'https://evenkeel.dev/problems/x', title: 'x', status, code } });
const place = async (given: typeof answer): Promise<Completion> => {
  answer = given;
  return session.place(east, 'k', lines);
};
const read = async (given: typeof answer): Promise<Completion> => {
  answer = given;
  return session.readOrder(east, orderId, session.seen);
};

describe('an answer to a write', () => {
  it('that is clear holds, and its token is remembered and shown with the next read', async () => {
    const placed = await place({ status: 201, body: { ...written, status: 'pending' } });
    expect(placed).toMatchObject({ outcome: 'ok', region: east, answer: { kind: 'place', orderId, placedNow: true, token: told } });
    expect(session.seen).toEqual(told);
    await read(problem(404, 'order-not-found'));
    expect(shown).toBe(encodeToken(told));
  });

  it('to a key that was used before says so', async () => {
    expect(await place({ status: 200, body: { ...written, status: 'confirmed' } })).toMatchObject({ answer: { placedNow: false } });
  });

  it.each([
    [409, 'order-cancelled'],
    [422, 'unknown-sku'],
    [429, 'too-many-requests'],
    [503, 'owner-unavailable'],
    [503, 'region-not-serving'],
  ])('of %i %s says that nothing was done', async (status, code) => {
    expect(await place(problem(status, code))).toMatchObject({ outcome: 'refused', code });
  });

  it.each([
    [500, 'internal'],
    [503, 'unavailable'],
    [504, 'outcome-unknown'],
  ])('of %i %s leaves open whether it was done', async (status, code) => {
    expect(await place(problem(status, code))).toMatchObject({ outcome: 'unknown', because: `${status} ${code}` });
  });

  it('that cannot be understood leaves it open, whatever its status', async () => {
    expect((await place({ status: 201, body: '{"orderId": ' })).outcome).toBe('unknown');
    expect((await place({ status: 201, body: { ...written, status: 'pending', consistencyToken: 'none' } })).outcome).toBe('unknown');
    expect((await place({ status: 502, body: '<html>' })).outcome).toBe('unknown');
  });
});

describe('an answer to a read', () => {
  it('that there is no such order is an answer', async () => {
    expect(await read(problem(404, 'order-not-found'))).toMatchObject({ outcome: 'ok', answer: { kind: 'read-order', order: 'absent' } });
  });

  it('of 503 says nothing, and leaves nothing open', async () => {
    expect(await read(problem(503, 'unavailable'))).toMatchObject({ outcome: 'refused' });
  });
});

it('no answer leaves it open', async () => {
  const closed = { ...context, shop: shopAt('http://127.0.0.1:1') };
  expect(await new ClientSession(closed, { name: 't', customer }).place(east, 'k', lines)).toMatchObject({ outcome: 'unknown' });
});

it('every attempt is an operation of the history, and one of the plots', async () => {
  await place(problem(504, 'outcome-unknown'));
  await place({ status: 201, body: { ...written, status: 'pending' } });
  const { operations } = context.recorder.close(2);
  expect(operations.map(({ completion }) => completion?.outcome)).toEqual(['unknown', 'ok']);
  expect(context.attempts.map(({ asked, home }) => [asked, home])).toEqual([
    ['place', 'east'],
    ['place', 'east'],
  ]);
});
