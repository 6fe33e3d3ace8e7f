import { afterEach, describe, expect, it } from 'vitest';
import { eventually, eventuallyHolds } from '#test-kit';
import { inMemoryIntents, storedIntents } from './intents.ts';
import { createStorefront, type StorefrontOptions } from './storefront.ts';
import { Ledger, MisbehavingRegion } from './testing/misbehaving-region.ts';
import { memoryStorage } from './testing/memory-storage.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function shop(options: Partial<StorefrontOptions> = {}) {
  const ledger = new Ledger();
  const [east, west] = await Promise.all([new MisbehavingRegion('east', ledger).start(), new MisbehavingRegion('west', ledger).start()]);
  stops.push(
    () => east.stop(),
    () => west.stop(),
  );
  const client = createStorefront({
    endpoints: [east.endpoint, west.endpoint],
    customer: 'alice',
    token: () => 'secret',
    tryTimeoutMs: 20_000, // what answers is waited for, on a busy machine too
    deadlineMs: 30_000,
    pauseFirstMs: 5,
    pauseMaxMs: 50,
    firstRestMs: 20,
    regionsEveryMs: 0,
    ...options,
  });
  stops.push(() => client.close());
  return { ledger, east, west, client };
}
/** Where one region hangs: the other one has so long to answer. */
const impatient = { tryTimeoutMs: 2_500 };
const order = { lines: [{ sku: 'TEA', quantity: 1 }] };
const timesOf = (ledger: Ledger): number[] => [...ledger.asked.values()];

describe('placing an order', () => {
  it('is done by the first region, with its token and key', async () => {
    const { client, east, west } = await shop();
    const result = await client.placeOrder(order);
    expect(result).toMatchObject({ kind: 'done', repeated: false, region: 'east', tries: 1, value: { status: 'pending' } });
    expect(east.asked[0]!.headers).toMatchObject({ authorization: 'Bearer secret', 'idempotency-key': result.key });
    expect([west.asked.length, await client.unfinished()]).toEqual([0, []]);
  });

  it.each([
    ['resets', { does: 'reset' }],
    ['resets after doing it', { does: 'reset-after-doing' }],
    ['hangs', { does: 'hang' }],
    ['hangs after doing it', { does: 'hang-after-doing' }],
    ['says 503', { does: 'say', code: 'unavailable', headers: { 'retry-after': '1' } }],
    ['says 504', { does: 'say', code: 'outcome-unknown' }],
    ['says 500', { does: 'say', code: 'internal' }],
    ['says 421', { does: 'say', code: 'not-owned-here', headers: { 'evenkeel-owner-region': 'west' } }],
    ['is a proxy that says 502', { does: 'say-text', status: 502, text: 'Bad gateway' }],
    ['is a portal that says 200 to everything', { does: 'say-text', status: 200, text: '<html>Welcome' }],
  ] as const)('moves on when a region %s: one order, one key', async (_what, manner) => {
    const { client, east, west, ledger } = await shop(manner.does.startsWith('hang') ? impatient : {});
    east.always(manner);
    const result = await client.placeOrder(order);
    expect(result).toMatchObject({ kind: 'done', region: 'west', tries: 2 });
    expect(result.tookMs).toBeLessThan(5_000);
    expect(ledger.orders.size).toBe(1);
    expect(new Set([...east.asked, ...west.asked].map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([result.key]));
  });

  it('moves on when nobody listens there any more, and stays away for a while', async () => {
    const { client, east, west } = await shop({ firstRestMs: 60_000, restMaxMs: 60_000 });
    await east.stop();
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'done', tries: 2, region: 'west' });
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'done', tries: 1, region: 'west' });
    expect(client.regions().map(({ region, resting }) => [region, resting])).toEqual([
      ['east', true],
      ['west', false],
    ]);
    expect(west.asked.length).toBe(2);
  });

  it('waits as long as asked when there is nowhere else to go', async () => {
    const { client, east, west } = await shop();
    const busy = { does: 'say', code: 'unavailable', headers: { 'retry-after': '1' } } as const;
    east.next(busy);
    west.next(busy);
    const result = await client.placeOrder(order);
    expect(result).toMatchObject({ kind: 'done', tries: 3 });
    expect(result.tookMs).toBeGreaterThan(990);
    expect(east.asked.length + west.asked.length).toBe(3);
  });

  it('says at once that nothing was done when it is to wait for longer than it has', async () => {
    const { client, east, west } = await shop();
    for (const region of [east, west]) region.always({ does: 'say', code: 'unavailable', headers: { 'retry-after': '60' } });
    const result = await client.placeOrder(order);
    expect(result).toMatchObject({ kind: 'unavailable', because: 'deadline', tries: 2, problem: { code: 'unavailable' } });
    expect(result.tookMs).toBeLessThan(5_000);
    expect(await client.unfinished()).toEqual([]);
  });

  it('goes to the owner that an answer named, from the first try on', async () => {
    const { client, east, west } = await shop();
    east.sends({ 'evenkeel-owner-region': 'west', 'evenkeel-home-region': 'east' });
    await client.placeOrder(order);
    west.sends({ 'evenkeel-owner-region': 'west' });
    expect(await client.placeOrder(order)).toMatchObject({ region: 'west', tries: 1 });
    expect([east.asked.length, west.asked.length]).toEqual([1, 1]);
  });

  it('waits for the confirmation, in whichever region', async () => {
    const { client, east, ledger } = await shop();
    const placing = client.placeOrder(order, { waitMs: 20_000 });
    await eventually(() => east.asked.some(({ method }) => method === 'GET'));
    expect(east.asked[0]!.headers['prefer']).toBe('wait=2');
    await east.stop();
    for (const placed of ledger.orders.values()) placed.status = 'confirmed';
    expect(await placing).toMatchObject({ kind: 'done', value: { status: 'confirmed' } });
  });
});

describe('a refusal', () => {
  it('is a typed problem, and not asked again', async () => {
    const { client, east, west } = await shop();
    east.next({ does: 'say', code: 'unknown-sku' });
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'refused', problem: { code: 'unknown-sku', status: 422 }, tries: 1 });
    expect(west.asked.length).toBe(0);
  });

  it('of a key that named another order says so', async () => {
    const { client } = await shop();
    await client.placeOrder(order, { key: 'cart-1' });
    const other = await client.placeOrder({ lines: [{ sku: 'TEA', quantity: 2 }] }, { key: 'cart-1' });
    expect(other).toMatchObject({ kind: 'refused', problem: { code: 'idempotency-key-reused' } });
  });

  it('that holds for a moment is no answer to an earlier try that may have been acted on', async () => {
    const { client, east, west, ledger } = await shop(impatient);
    east.next({ does: 'hang-after-doing' });
    west.next({ does: 'say', code: 'unknown-sku' });
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'done', repeated: true });
    expect(ledger.orders.size).toBe(1);
  });

  it('of the token after such a try leaves the end unknown', async () => {
    const { client, east, west } = await shop();
    east.next({ does: 'reset-after-doing' });
    west.next({ does: 'say', code: 'unauthenticated' });
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'unknown', problem: { code: 'unauthenticated' }, tries: 2 });
  });
});

describe('an unknown end', () => {
  it('is told as such within the deadline, and resumed under the same key', async () => {
    const { client, east, west, ledger } = await shop({ ...impatient, deadlineMs: 2_500 });
    east.next({ does: 'hang-after-doing' });
    east.always({ does: 'hang' });
    west.always({ does: 'reset' });
    const result = await client.placeOrder(order);
    expect(result).toMatchObject({ kind: 'unknown', because: 'deadline' });
    expect(result.tookMs).toBeLessThan(5_000);
    expect(await client.unfinished()).toMatchObject([{ key: result.key, operation: 'placeOrder' }]);
    west.always({ does: 'answer' });
    if (result.kind !== 'unknown') throw new Error('told otherwise above');
    expect(await client.resume(result.intent, { deadlineMs: 10_000 })).toMatchObject({ kind: 'done', key: result.key, repeated: true });
    expect([ledger.orders.size, await client.unfinished()]).toEqual([1, []]);
  });

  it('outlives a reload: the same order asked anew is the same request, another one is not', async () => {
    const storage = memoryStorage();
    const { east, west, client, ledger } = await shop({ intents: storedIntents(storage), deadlineMs: 2_500 });
    for (const region of [east, west]) region.next({ does: 'hang-after-doing' }, { does: 'hang' }, { does: 'hang' });
    const first = await client.placeOrder(order);
    expect(first.kind).toBe('unknown');
    for (const region of [east, west]) await region.stop();
    const [again] = [new MisbehavingRegion('east', ledger)];
    await again.start();
    stops.push(() => again.stop());
    const reloaded = createStorefront({
      endpoints: [again.endpoint],
      customer: 'alice',
      intents: storedIntents(storage),
      regionsEveryMs: 0,
    });
    const [second, other] = await Promise.all([
      reloaded.placeOrder({ lines: [{ quantity: 1, sku: 'TEA' }] }),
      reloaded.placeOrder({ lines: [{ quantity: 2, sku: 'TEA' }] }),
    ]);
    expect(second).toMatchObject({ kind: 'done', key: first.key, repeated: true });
    expect(other).toMatchObject({ kind: 'done', repeated: false });
    expect([ledger.orders.size, storage.length]).toEqual([2, 0]);
  });

  it('is kept before the first try: what cannot be kept is not sent', async () => {
    const intents = inMemoryIntents({ intentsMax: 1 });
    const { client, east, west } = await shop({ intents });
    for (const region of [east, west]) region.always({ does: 'hang' });
    const ending = new AbortController();
    const first = client.placeOrder(order, { signal: ending.signal });
    await eventually(() => east.asked.length === 1);
    expect(await client.unfinished()).toHaveLength(1);
    await expect(client.placeOrder({ lines: [{ sku: 'POT', quantity: 1 }] })).rejects.toThrow('no known end');
    ending.abort();
    expect((await first).kind).toBe('unknown');
  });

  it('a click twice is one order', async () => {
    const { client, ledger, east } = await shop();
    east.next({ does: 'answer-late', ms: 50 });
    const [one, two] = await Promise.all([client.placeOrder(order), client.placeOrder(order)]);
    expect([one.kind, two.kind, one.key === two.key, ledger.orders.size]).toEqual(['done', 'done', true, 1]);
  });
});

describe('a hedge', () => {
  it('asks a second region under the same key; the first answer wins and the other try is cancelled', async () => {
    const { client, east, west, ledger } = await shop({ hedgeAfterMs: 50 });
    east.next({ does: 'hang-after-doing' });
    const result = await client.placeOrder(order);
    expect(result).toMatchObject({ kind: 'done', region: 'west', tries: 2, repeated: true });
    expect(result.tookMs).toBeLessThan(3_500);
    expect([ledger.orders.size, timesOf(ledger)]).toEqual([1, [2]]);
    await eventuallyHolds(() => expect(east.asked[0]!.left).toBe(true));
    expect(west.asked.length).toBe(1);
  });

  it('does not happen while the first answers in time', async () => {
    const { client, west } = await shop({ hedgeAfterMs: 5_000 });
    await client.placeOrder(order);
    expect(west.asked.length).toBe(0);
  });

  it('lets the slower first one win when the second fails', async () => {
    const { client, east, west } = await shop({ hedgeAfterMs: 30 });
    east.next({ does: 'answer-late', ms: 300 });
    west.always({ does: 'say', code: 'unavailable', headers: { 'retry-after': '30' } });
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'done', region: 'east', tries: 2 });
  });

  it('of which one says a passing no waits for the other: it may be the one that did it', async () => {
    const { client, east, west } = await shop({ hedgeAfterMs: 30 });
    east.next({ does: 'answer-late', ms: 300 });
    west.next({ does: 'say', code: 'unknown-sku' });
    expect(await client.placeOrder(order)).toMatchObject({ kind: 'done', region: 'east', tries: 2 });
  });

  it('after which the slow region rests', async () => {
    const { client, east } = await shop({ hedgeAfterMs: 50, firstRestMs: 60_000, restMaxMs: 60_000 });
    east.always({ does: 'hang' });
    await client.placeOrder(order);
    expect(await client.placeOrder(order, { hedgeAfterMs: 5_000 })).toMatchObject({ region: 'west', tries: 1 });
  });
});

describe('cancelling a call', () => {
  it('ends it at once, its write unknown', async () => {
    const { client, east } = await shop();
    east.always({ does: 'hang' });
    const ending = new AbortController();
    const placing = client.placeOrder(order, { signal: ending.signal });
    await eventually(() => east.asked.length === 1);
    ending.abort();
    expect(await placing).toMatchObject({ kind: 'unknown', because: 'cancelled' });
    await eventuallyHolds(() => expect(east.asked[0]!.left).toBe(true));
    expect(await client.unfinished()).toHaveLength(1);
  });

  it('before its first try sends nothing', async () => {
    const { client, east } = await shop();
    expect(await client.placeOrder(order, { signal: AbortSignal.abort() })).toMatchObject({
      kind: 'unavailable',
      because: 'cancelled',
      tries: 0,
    });
    expect([east.asked.length, await client.unfinished()]).toEqual([0, []]);
  });

  it('closing the client ends its reads', async () => {
    const { client, east } = await shop();
    east.always({ does: 'hang' });
    const reading = client.getProduct('TEA');
    await eventually(() => east.asked.length === 1);
    client.close();
    expect(await reading).toMatchObject({ kind: 'unavailable', because: 'cancelled' });
  });
});
