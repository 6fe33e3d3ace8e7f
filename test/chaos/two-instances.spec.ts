import { afterAll, beforeAll, expect, it } from 'vitest';
import { orderListAnswerSchema, placeOrderAnswerSchema, type ShardId } from '#contracts';
import { answered, askApiUntilAnswered, eventually, eventuallyHolds, longestGapMs, Shop, type Customer, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { SteadyOrders, type Acknowledged } from './steady-orders.workload.ts';

const victim = 'east.order-service';
/** A quiet machine stays below 5 s; a busy one below this. */
const gapMaxMs = 8_000;
const everyMs = 500;
const [answersBefore, answersAfter] = [6, 24];

let system: WholeSystem;
let shop: Shop;
let sku: string;

beforeAll(async () => {
  system = await sharedSystem({ instances: 2 });
  shop = await Shop.open(system, 'two-instances');
  sku = shop.name('sku');
  await shop.stock([{ sku, unitPriceMinor: 100, units: Object.fromEntries(shop.regions.map((region) => [region, 100_000])) }]);
}, systemStartTimeoutMs);

afterAll(() => system.allReady());

/** All orders of a customer, page by page. */
async function ordersOf(customer: Customer): Promise<readonly { readonly orderId: string; readonly status: string }[]> {
  const orders = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const path: string = `/v1/orders?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const request = { method: 'GET' as const, path, token: customer.token };
    const page = answered(await askApiUntilAnswered(shop.storefronts(customer.home), request), 200, orderListAnswerSchema);
    orders.push(...page.orders);
    cursor = page.nextCursor;
  }
  return orders;
}

/** Kills an instance while orders flow into every shard, and goes on until every shard has answered often again. */
async function killWhileOrdersFlow(): Promise<{
  readonly acknowledged: readonly Acknowledged[];
  readonly gaps: ReadonlyMap<ShardId, number>;
}> {
  const orders = new SteadyOrders({ system, shop, sku, everyMs });
  const answersOf = (shard: ShardId, sinceMs: number): number =>
    orders.acknowledged.filter((one) => one.shard === shard && one.atMs >= sinceMs).length;
  const everyShardHas = (many: number, sinceMs: number) =>
    eventually(() => orders.failed || orders.shards.every((shard) => answersOf(shard, sinceMs) >= many), {
      withinMs: 90_000,
      everyMs: 100,
    });
  try {
    await everyShardHas(answersBefore, 0);
    const killedMs = performance.now();
    await system.command.succeed(['kill', victim]);
    await everyShardHas(answersAfter, killedMs);
    await orders.stop();
    const timesOf = (shard: ShardId): readonly number[] => orders.acknowledged.filter((one) => one.shard === shard).map(({ atMs }) => atMs);
    const gaps = new Map(orders.shards.map((shard) => [shard, longestGapMs(timesOf(shard), killedMs)]));
    return { acknowledged: orders.acknowledged, gaps };
  } finally {
    await orders.stop();
  }
}

/** Every key answers with the order that was acknowledged under it; all are confirmed, and there is no other. */
async function everyOrderOnce(customer: Customer, acknowledged: readonly Acknowledged[]): Promise<void> {
  for (const { key, orderId } of acknowledged) {
    const request = shop.placeRequest({ customer, lines: [{ sku, quantity: 1 }], key });
    const again = answered(await askApiUntilAnswered(shop.storefronts(customer.home), request), 200, placeOrderAnswerSchema);
    expect(again.orderId).toBe(orderId);
  }
  await eventuallyHolds(
    async () => {
      const orders = await ordersOf(customer);
      expect(orders.map(({ orderId }) => orderId).toSorted()).toEqual(acknowledged.map(({ orderId }) => orderId).toSorted());
      expect(new Set(orders.map(({ status }) => status))).toEqual(new Set(['confirmed']));
    },
    { withinMs: 90_000, everyMs: 500 },
  );
}

it('the other instance takes over the shards of one that is killed; no acknowledged order is lost, none is doubled', async () => {
  const { acknowledged, gaps } = await killWhileOrdersFlow();
  for (const [shard, ms] of gaps) console.log(`${shard}: longest gap after the kill ${ms.toFixed(0)} ms`);
  expect([...gaps].filter(([, ms]) => ms > gapMaxMs)).toEqual([]);

  const customers = [...new Set(acknowledged.map((one) => one.customer))];
  await Promise.all(
    customers.map((customer) =>
      everyOrderOnce(
        customer,
        acknowledged.filter((one) => one.customer === customer),
      ),
    ),
  );
  // No unit is held for any other.
  for (const region of shop.regions)
    await eventuallyHolds(async () => expect((await shop.availability(sku, region)).total.reserved).toBe(acknowledged.length), {
      withinMs: 60_000,
      everyMs: 200,
    });
  console.log(`${acknowledged.length} orders acknowledged, each exists once`);
}, 400_000);
