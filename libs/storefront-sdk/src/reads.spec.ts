import { afterEach, describe, expect, it } from 'vitest';
import { eventuallyHolds, seededRandom } from '#test-kit';
import { StorefrontError, valueOf } from './result.ts';
import { createStorefront, type StorefrontOptions } from './storefront.ts';
import { Ledger, type Manner, MisbehavingRegion } from './testing/misbehaving-region.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function shop(options: Partial<StorefrontOptions> = {}) {
  const ledger = new Ledger();
  const [east, west] = await Promise.all([new MisbehavingRegion('east', ledger).start(), new MisbehavingRegion('west', ledger).start()]);
  const client = createStorefront({
    endpoints: [east.endpoint, west.endpoint],
    customer: 'alice',
    tryTimeoutMs: 20_000, // what answers is waited for, on a busy machine too
    deadlineMs: 30_000,
    pauseFirstMs: 5,
    pauseMaxMs: 20,
    firstRestMs: 20,
    regionsEveryMs: 0,
    ...options,
  });
  stops.push(
    () => east.stop(),
    () => west.stop(),
    () => client.close(),
  );
  return { ledger, east, west, client };
}
/** Where one region hangs: the other one has so long to answer. */
const impatient = { tryTimeoutMs: 2_500 };
const order = { lines: [{ sku: 'TEA', quantity: 1 }] };
const unavailable: Manner = { does: 'say', code: 'unavailable' };

describe('reading', () => {
  it('moves on like a write, and can be asked in any region', async () => {
    const { client, east } = await shop(impatient);
    east.next({ does: 'hang' }, { does: 'reset' });
    expect(await client.getProduct('TEA')).toMatchObject({ kind: 'ok', region: 'west', value: { name: 'Tea' }, tries: 2 });
    expect(valueOf(await client.getAvailability('TEA')).total.available).toBe(5);
  });

  it('shows with each read what was seen, in either region', async () => {
    const { client, east, west } = await shop();
    await client.placeOrder(order);
    expect(east.asked[0]!.headers['evenkeel-consistency-token']).toBeUndefined();
    await east.stop();
    await client.orderPage();
    expect(west.asked[0]!.headers['evenkeel-consistency-token']).toBe(east.token);
    await client.orderPage({}, { consistent: false });
    expect(west.asked[1]!.headers['evenkeel-consistency-token']).toBeUndefined();
  });

  it('asks elsewhere when a region has not seen it yet', async () => {
    const { client, east } = await shop();
    east.next({ does: 'say', code: 'consistency-unreached' });
    expect(await client.orderPage()).toMatchObject({ kind: 'ok', region: 'west' });
    expect(client.regions().some(({ resting }) => resting)).toBe(false);
  });

  it('walks the pages, also across regions', async () => {
    const { client, east } = await shop();
    for (let i = 0; i < 7; i++) await client.placeOrder(order);
    const seen: string[] = [];
    for await (const { orderId } of client.listOrders({ limit: 3 })) {
      seen.push(orderId);
      if (seen.length === 4) east.always(unavailable);
    }
    expect(new Set(seen).size).toBe(7);
    for await (const { sku } of client.listProducts()) expect(sku).toBe('TEA');
  });

  it('throws from a walk what went wrong, and says it otherwise', async () => {
    const { client, east } = await shop();
    east.next({ does: 'say', code: 'unauthenticated' });
    await expect(client.listOrders().next()).rejects.toThrow(StorefrontError);
    expect(await client.getOrder('ord_none')).toMatchObject({ kind: 'refused', problem: { code: 'order-not-found' } });
  });
});

describe('changing an order', () => {
  it('cancels and returns under keys of their own, in another region if it must', async () => {
    const { client, east, west } = await shop(impatient);
    const { orderId } = valueOf(await client.placeOrder(order));
    east.next({ does: 'hang-after-doing' });
    expect(await client.cancelOrder(orderId)).toMatchObject({ kind: 'done', region: 'west', value: { orderId } });
    expect(await client.awaitConfirmation(orderId, { withinMs: 5_000 })).toMatchObject({ kind: 'ok', value: { status: 'cancelled' } });
    const returned = await client.returnLines(orderId, { lines: [{ lineNumber: 1, quantity: 1 }] }, { key: 'return-1' });
    expect(returned).toMatchObject({ kind: 'done', value: { returnId: 'return-1' } });
    const keys = [...east.asked, ...west.asked].map(({ headers }) => headers['idempotency-key']).filter((key) => key !== undefined);
    expect(new Set(keys).size).toBe(3);
  });
});

describe('the list of regions', () => {
  it('is learned from the API: a region that does not serve is left, one that was not given is found', async () => {
    const { client, east, west } = await shop({ regionsEveryMs: 1 });
    const north = await new MisbehavingRegion('north', west.ledger).start();
    stops.push(() => north.stop());
    const facts = { serves: true, isHome: true, ownsHomes: [] };
    const listed = [
      { ...facts, region: 'east', endpoints: [east.url], serves: false },
      { ...facts, region: 'west', endpoints: [west.url], serves: false },
      { ...facts, region: 'north', endpoints: [north.url] },
      { ...facts, region: 'odd', endpoints: ['ftp://127.0.0.1'] },
    ];
    for (const region of [east, west]) region.lists({ here: 'east', regions: listed });
    await client.getProduct('TEA');
    await eventuallyHolds(() => expect(client.regions().map(({ region }) => region)).toEqual(['east', 'west', 'north']));
    expect(await client.getProduct('TEA')).toMatchObject({ region: 'north' });
  });

  it('names the owner of the customer’s home', async () => {
    const { client, east, west } = await shop({ regionsEveryMs: 1, homes: ['east'] });
    const facts = { serves: true, isHome: true };
    const listed = [
      { ...facts, region: 'east', endpoints: [east.url], ownsHomes: [] },
      { ...facts, region: 'west', endpoints: [west.url], ownsHomes: ['east', 'west'] },
    ];
    east.lists({ here: 'east', regions: listed });
    await client.getProduct('TEA');
    await eventuallyHolds(() => expect(client.regions()[1]!.serving).toBe(true));
    expect(await client.getProduct('TEA')).toMatchObject({ region: 'west', tries: 1 });
  });

  it('may be missing, or nonsense: the given ones are used', async () => {
    const { client, east } = await shop({ regionsEveryMs: 1 });
    await client.getProduct('TEA');
    await eventuallyHolds(() => expect(east.seen.some(({ path }) => path === '/v1/regions')).toBe(true));
    east.lists({ regions: 'none' });
    expect(await client.getProduct('TEA')).toMatchObject({ kind: 'ok', region: 'east' });
  });
});

it('the home is known before the first answer, from the topology', async () => {
  const customers = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const { east, west } = await shop();
  const regions = customers.map(async (customer) => {
    const client = createStorefront({ endpoints: [east.endpoint, west.endpoint], homes: ['east', 'west'], customer, regionsEveryMs: 0 });
    const result = await client.getProduct('TEA');
    return result.kind === 'ok' ? result.region : result.kind;
  });
  expect(new Set(await Promise.all(regions))).toEqual(new Set(['east', 'west']));
});

it.each([1, 2, 3])(
  'whatever two regions do, each key is at most one order, and what was said of it is true (seed %i)',
  async (seed) => {
    const chance = seededRandom(seed);
    const { client, ledger, east, west } = await shop({ hedgeAfterMs: 30, tryTimeoutMs: 80, deadlineMs: 600 });
    const manners: readonly Manner[] = [
      { does: 'answer' },
      { does: 'hang' },
      { does: 'hang-after-doing' },
      { does: 'reset' },
      { does: 'reset-after-doing' },
      { does: 'answer-late', ms: 60 },
      unavailable,
      { does: 'say', code: 'outcome-unknown' },
      { does: 'say-text', status: 502, text: 'Bad gateway' },
    ];
    for (const region of [east, west]) region.next(...Array.from({ length: 150 }, () => chance.pick(manners)));
    const keys = Array.from({ length: 60 }, (_, i) => `cart-${i}`);
    const results = await Promise.all(keys.map((key) => client.placeOrder(order, { key })));
    for (const { kind, key, tookMs } of results) {
      if (kind === 'done') expect(ledger.orders.has(key)).toBe(true);
      if (kind === 'refused' || kind === 'unavailable') expect(ledger.orders.has(key)).toBe(false);
      expect(tookMs).toBeLessThan(5_000);
    }
    expect(ledger.orders.size).toBeLessThanOrEqual(keys.length);
    for (const region of [east, west]) region.behavesFromNowOn();
    const unknown = results.flatMap((result) => (result.kind === 'unknown' ? [result.intent] : []));
    expect((await client.unfinished()).map(({ key }) => key).toSorted()).toEqual(unknown.map(({ key }) => key).toSorted());
    const patience = { deadlineMs: 15_000, tryTimeoutMs: 5_000, hedgeAfterMs: 5_000 };
    const resumed = await Promise.all(unknown.map((intent) => client.resume(intent, patience)));
    expect(new Set(resumed.map(({ kind }) => kind))).toEqual(new Set(unknown.length === 0 ? [] : ['done']));
    expect(await client.unfinished()).toEqual([]);
  },
  30_000,
);
