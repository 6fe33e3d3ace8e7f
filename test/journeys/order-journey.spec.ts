import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  eventsTopic,
  orderListAnswerSchema,
  orderWriteAnswerSchema,
  placeOrderAnswerSchema,
  returnLinesAnswerSchema,
  services,
  shipLinesAnswerSchema,
} from '#contracts';
import { connectKafkaCluster } from '#shard-log';
import { answered, eventually, eventuallyHolds, recordsOf, Shop, type Customer, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from './shared.system.ts';

let system: WholeSystem;
let shop: Shop;
let goods: Goods;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'journey');
  goods = await stocked('any');
}, systemStartTimeoutMs);

interface Goods {
  readonly tea: string;
  readonly pot: string;
}
const units = 1_000;
/** A test that counts units has goods of its own: nobody else's order is still on its way into what it counts. */
async function stocked(name: string): Promise<Goods> {
  const [tea, pot] = [shop.name(`${name}-tea`), shop.name(`${name}-pot`)];
  const each = Object.fromEntries(shop.regions.map((region) => [region, units / shop.regions.length]));
  await shop.stock([
    { sku: tea, unitPriceMinor: 895, units: each },
    { sku: pot, unitPriceMinor: 2_450, units: each },
  ]);
  return { tea, pot };
}

const settles = { withinMs: 60_000, everyMs: 100 };
const lines = ({ tea, pot } = goods) => [
  { sku: tea, quantity: 2 },
  { sku: pot, quantity: 1 },
];
const allLines = [
  { lineNumber: 1, quantity: 2 },
  { lineNumber: 2, quantity: 1 },
];
const totalMinor = 2 * 895 + 2_450;

/** Of the pools' sum, in each region: both must say the same. */
async function unitsOf(sku: string): Promise<{ available: number; reserved: number; shipped: number }> {
  const [first, ...others] = await Promise.all(shop.regions.map((region) => shop.availability(sku, region)));
  for (const other of others) expect(other.pools).toEqual(first!.pools);
  const { available, reserved, shipped } = first!.total;
  return { available, reserved, shipped };
}

async function confirmed(customer: Customer, key: string, of = goods): Promise<{ orderId: string; consistencyToken: string }> {
  return shop.placeConfirmed({ customer, via: customer.home, lines: lines(of), key: shop.name(key) });
}

describe('an order', () => {
  it.each(['its home region', 'the other region'])('placed through %s is confirmed, and readable in both with the token', async (where) => {
    for (const home of shop.regions) {
      const customer = await shop.customerOf(home);
      const via = where === 'its home region' ? home : shop.other(home);
      const order = { customer, via, lines: lines(), key: shop.name(`${home}-${via}`) };
      const placed = answered(await shop.place(order), 201, placeOrderAnswerSchema);
      expect(placed).toMatchObject({ status: 'pending', durability: 'global', homeRegion: home });
      for (const region of shop.regions) {
        const read = await shop.order(customer, placed.orderId, region, placed.consistencyToken); // at once: the token waits
        expect(read).toMatchObject({ homeRegion: home, customerId: customer.id, totalMinor, unitsOrdered: 3 });
        await eventually(async () => (await shop.order(customer, placed.orderId, region)).status === 'confirmed', settles);
      }
    }
  });

  it('is listed for its customer in both regions', async () => {
    const customer = await shop.customerOf(shop.regions[0]!);
    const { orderId, consistencyToken } = await confirmed(customer, 'listed');
    for (const region of shop.regions) {
      const list = answered(await shop.read('/v1/orders', region, customer.token, consistencyToken), 200, orderListAnswerSchema);
      expect(list.orders.map((order) => order.orderId)).toEqual([orderId]);
    }
  });

  it('is queued and no more when the client does not want to wait', async () => {
    const customer = await shop.customerOf(shop.regions[1]!);
    const order = { customer, via: customer.home, lines: lines(), key: shop.name('async'), headers: { prefer: 'respond-async' } };
    const queued = answered(await shop.place(order), 202, placeOrderAnswerSchema);
    expect(queued).toMatchObject({ status: 'queued', durability: 'none' });
    await eventually(async () => (await shop.order(customer, queued.orderId, customer.home)).status === 'confirmed', settles);
  });

  it('is the same one for the same key, in whichever region, and no second one comes into being', async () => {
    const customer = await shop.customerOf(shop.regions[0]!);
    const key = shop.name('again');
    const own = await stocked('again');
    const answers = [];
    for (const via of [...shop.regions, ...shop.regions]) answers.push(await shop.place({ customer, via, lines: lines(own), key }));
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200]);
    const ids = new Set(answers.map((answer) => answered(answer, [200, 201], placeOrderAnswerSchema).orderId));
    expect(ids.size).toBe(1);
    const { orderId, consistencyToken } = await shop.placeConfirmed({ customer, via: customer.home, lines: lines(own), key });
    expect([...ids]).toEqual([orderId]);
    await eventuallyHolds(async () => expect((await unitsOf(own.tea)).reserved).toBe(2), settles);
    const list = answered(await shop.read('/v1/orders', customer.home, customer.token, consistencyToken), 200, orderListAnswerSchema);
    expect(list.orders).toHaveLength(1);
  });
});

describe('a confirmed order', () => {
  it('that is shipped is captured; what comes back is refunded and restocked', async () => {
    const customer = await shop.customerOf(shop.regions[1]!);
    const own = await stocked('shipped');
    const { orderId } = await confirmed(customer, 'shipped', own);
    const path = `/v1/orders/${orderId}`;

    const ship = () => shop.change(customer, `${path}/shipments`, shop.name('ship'), { lines: allLines }, shop.operatorToken);
    const shipped = answered(await ship(), 200, shipLinesAnswerSchema);
    expect(answered(await ship(), 200, shipLinesAnswerSchema).shipmentId).toBe(shipped.shipmentId);
    await eventuallyHolds(
      async () => expect((await shop.payment(customer, orderId, customer.home)).capturedMinor).toBe(totalMinor),
      settles,
    );

    const back = { lines: [{ lineNumber: 1, quantity: 1 }] };
    answered(await shop.change(customer, `${path}/returns`, shop.name('return'), back), 200, returnLinesAnswerSchema);
    answered(await shop.change(customer, `${path}/returns`, shop.name('return'), back), 200, returnLinesAnswerSchema);
    for (const region of shop.regions) {
      await eventuallyHolds(async () => {
        const order = await shop.order(customer, orderId, region);
        expect(order).toMatchObject({
          fulfilment: 'shipped',
          unitsShipped: 3,
          unitsReturned: 1,
          shippedMinor: totalMinor,
          returnedMinor: 895,
        });
        const payment = await shop.payment(customer, orderId, region);
        expect(payment).toMatchObject({ capturedMinor: totalMinor, refundedMinor: 895, capturesOutstanding: 0, refundsOutstanding: 0 });
      }, settles);
    }
    await eventuallyHolds(async () => {
      expect(await unitsOf(own.tea)).toEqual({ available: units - 1, reserved: 0, shipped: 1 });
      expect(await unitsOf(own.pot)).toEqual({ available: units - 1, reserved: 0, shipped: 1 });
    }, settles);
  });

  it('that is cancelled is released and its authorization voided', async () => {
    const customer = await shop.customerOf(shop.regions[0]!);
    const own = await stocked('cancelled');
    const { orderId } = await confirmed(customer, 'cancelled', own);
    await eventuallyHolds(async () => expect((await unitsOf(own.pot)).reserved).toBe(1), settles);
    const cancelled = await shop.change(customer, `/v1/orders/${orderId}/cancellation`, shop.name('cancel'), undefined);
    answered(cancelled, 200, orderWriteAnswerSchema);
    for (const region of shop.regions)
      await eventuallyHolds(async () => {
        const { status, cancelReason } = await shop.order(customer, orderId, region);
        expect({ status, cancelReason }).toEqual({ status: 'cancelled', cancelReason: 'requested-by-customer' });
        expect((await shop.payment(customer, orderId, region)).status).toBe('voided');
      }, settles);
    await eventuallyHolds(async () => expect(await unitsOf(own.pot)).toEqual({ available: units, reserved: 0, shipped: 0 }), settles);
  });
});

it("the client's trace is on every commit of its order", async () => {
  const home = shop.regions[1]!;
  const customer = await shop.customerOf(home);
  const traceId = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
  const via = shop.other(home); // over the edge of one region and the service of the other
  const { orderId } = await shop.placeConfirmed({ customer, via, lines: lines(), key: shop.name('traced'), headers });
  const cluster = connectKafkaCluster({ brokers: system.topology.regions[home]!.kafka.brokers, clientId: 'order-journey' });
  try {
    for (const service of services) {
      const records = await recordsOf(cluster, eventsTopic(service));
      const commits = records.filter(({ headers: of }) => of['evenkeel-kind'] === 'commit' && of['evenkeel-correlation'] === orderId);
      expect(commits.length, `${service} commits of ${orderId}`).toBeGreaterThan(0);
      for (const commit of commits) expect(commit.headers['evenkeel-traceparent']).toContain(traceId);
    }
  } finally {
    await cluster.close();
  }
});
