import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOrderAnswerSchema } from '#contracts';
import { answered, Shop, type Customer, type WholeSystem } from '#test-kit';
import { replaySchema, retailFile } from './retail.orders.ts';
import { sharedSystem, systemStartTimeoutMs } from './shared.system.ts';

const delayMs = 40;
/**
 * What the delay may add to the median of the same run: one way there for the mirror, one way back for the receipt, and as much again for
 * what is under way when an order comes. The absolute figure is the machine's.
 */
const addedP50MaxMs = 4 * delayMs;
const [warmUps, measured] = [5, 20];

let system: WholeSystem;
let shop: Shop;
let link: string;
let sku: string;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'slow-link');
  link = shop.regions.join('-');
  sku = shop.name('sku');
  await shop.stock([{ sku, unitPriceMinor: 100, units: Object.fromEntries(shop.regions.map((region) => [region, 200])) }]);
}, systemStartTimeoutMs);

afterAll(async () => {
  await system.command.succeed(['link', 'heal']);
});

async function placedInMs(customer: Customer, key: string): Promise<number> {
  const startedMs = performance.now();
  const answer = await shop.place({ customer, via: customer.home, lines: [{ sku, quantity: 1 }], key: shop.name(key) });
  const ms = performance.now() - startedMs;
  expect(answered(answer, 201, placeOrderAnswerSchema).durability).toBe('global');
  return ms;
}

/** Of sequential orders of one customer, in ascending order, after a few that do not count. */
async function timesOf(home: Customer['home'], name: string): Promise<readonly number[]> {
  const customer = await shop.customerOf(home);
  const times: number[] = [];
  for (let index = 0; index < warmUps + measured; index++) times.push(await placedInMs(customer, `${name}-${home}-${index}`));
  const sorted = times.slice(warmUps).toSorted((a, b) => a - b);
  const shown = [sorted[measured / 2]!, sorted[0]!, sorted.at(-1)!].map((ms) => ms.toFixed(0));
  console.log(`${name}, ${home}: p50 ${shown[0]} ms, fastest ${shown[1]} ms, slowest ${shown[2]} ms`);
  return sorted;
}

describe(`with ${delayMs} ms each way between the regions`, () => {
  it('orders still settle in both regions before they are answered', async () => {
    const undelayedMs = new Map<string, number>();
    for (const home of shop.regions) undelayedMs.set(home, (await timesOf(home, 'undelayed'))[measured / 2]!);
    await system.command.succeed(['link', 'delay', link, String(delayMs)]);
    for (const home of shop.regions) {
      const times = await timesOf(home, 'delayed');
      expect(times[0]).toBeGreaterThanOrEqual(2 * delayMs); // there and back: nothing was answered before
      // Another's work in between may take longer than the delay itself: then it is the slower of the two that counts.
      expect(times[measured / 2]).toBeLessThan(Math.max(...undelayedMs.values()) + addedP50MaxMs);
    }
  });

  it('a replay ends with no difference', async () => {
    await system.command.succeed(['link', 'delay', link, String(delayMs)]);
    const file = await retailFile({ system, documents: 60, seed: 41, shop: '41' });
    const replayed = await system.command.json(['replay', '--file', file], replaySchema, 170_000);
    expect(replayed).toMatchObject({ failures: [], agreement: { differences: [] } });
    console.log(`60 documents at ${replayed.documentsPerSecond.toFixed(1)}/s, compared in ${replayed.agreement!.seconds.toFixed(1)} s`);
  });
});
