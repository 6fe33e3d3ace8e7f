import { beforeAll, describe, expect, it } from 'vitest';
import { placeOrderAnswerSchema } from '#contracts';
import { answered, askApiUntilAnswered, eventually, Shop, type Customer, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from './shared.system.ts';

let system: WholeSystem;
let shop: Shop;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'last-units');
}, systemStartTimeoutMs);

const units = 10;
const buyersMany = 32;

interface Bought {
  readonly buyer: Customer;
  readonly orderId: string;
  /** How it came out, as its buyer was told. */
  readonly told: string;
}

/** Half of the buyers at each region's storefront, and of each half some that are at home in the other region. */
async function buyersOf(): Promise<readonly Customer[]> {
  return Promise.all(Array.from({ length: buyersMany }, (_, index) => shop.customerOf(shop.regions[(index >> 1) % 2]!)));
}

async function buyOne(sku: string, buyer: Customer, via: Customer['home'], key: string): Promise<Bought> {
  const request = shop.placeRequest({ customer: buyer, lines: [{ sku, quantity: 1 }], key, headers: { prefer: 'wait=20' } });
  const answer = await askApiUntilAnswered(shop.storefronts(via), request);
  const { orderId, status } = answered(answer, [200, 201], placeOrderAnswerSchema);
  return { buyer, orderId, told: status };
}

describe('32 buyers of 10 units, in both regions at once', () => {
  it.each([
    { split: 'all in one pool', pools: [10, 0] },
    { split: 'half in each', pools: [5, 5] },
    { split: 'all in the other pool', pools: [0, 10] },
  ])('exactly 10 buy: $split', async ({ pools }) => {
    const sku = shop.name(`sku-${pools.join('-')}`);
    const [first, second] = shop.regions as [Customer['home'], Customer['home']];
    await shop.stock([{ sku, unitPriceMinor: 999, units: { [first]: pools[0]!, [second]: pools[1]! } }]);
    const buyers = await buyersOf();
    const answers = await Promise.all(
      buyers.map((buyer, index) => buyOne(sku, buyer, shop.regions[index % 2]!, shop.name(`${sku}-${index}`))),
    );
    for (const region of shop.regions) {
      const orders = await eventually(
        async () => {
          const read = await Promise.all(answers.map(({ buyer, orderId }) => shop.order(buyer, orderId, region)));
          const pending = read.filter(({ status }) => status === 'pending');
          if (pending.length > 0) throw new Error(`still pending in ${region}: ${pending.map(({ orderId }) => orderId).join(' ')}`);
          return read;
        },
        { withinMs: 90_000, everyMs: 500 },
      );
      expect(orders.filter(({ status }) => status === 'confirmed')).toHaveLength(units);
      const told = answers
        .map((answer, index) => ({ told: answer.told, is: orders[index]!.status }))
        .filter(({ told }) => told !== 'pending');
      expect(told).not.toEqual([]); // who waits hears the outcome
      for (const { told: was, is } of told) expect(is).toBe(was);
      const reasons = orders.filter(({ status }) => status === 'cancelled').map(({ cancelReason }) => cancelReason);
      expect(reasons).toEqual(Array.from({ length: buyersMany - units }, () => 'out-of-stock'));
    }
    // Every unit is reserved for one of the ten: none in a pool, on the way, or held for somebody who was turned down.
    const stocks = await eventually(
      async () => {
        const seen = await Promise.all(shop.regions.map((region) => shop.availability(sku, region)));
        for (const { total } of seen)
          expect(total).toMatchObject({ available: 0, reserved: units, shipped: 0, received: units, inTransit: 0 });
        return seen;
      },
      { withinMs: 60_000, everyMs: 200 },
    );
    expect(stocks[1]!.pools).toEqual(stocks[0]!.pools);
  });
});
