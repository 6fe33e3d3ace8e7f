import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import { eventually, longestGapMs, Shop, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { everyOrderOnceInBoth } from './region.watch.ts';
import { SteadyOrders, type Acknowledged } from './steady-orders.workload.ts';

const victim = 'east.order-service';
/** Of the shards that the victim may have led. */
const isStruck = (shard: ShardId): boolean => shard.startsWith('order.east.');
/** Beyond the longest gap of the other shards, which is the machine's; a quiet machine stays below 5 s in all. */
const gapMaxMs = 7_000;
const machineGapMaxMs = 30_000;
const everyMs = 500;
const [answersBefore, answersAfter] = [6, 16];

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

it('the other instance takes over the shards of one that is killed; no acknowledged order is lost, none is doubled', async () => {
  const { acknowledged, gaps } = await killWhileOrdersFlow();
  for (const [shard, ms] of gaps) console.log(`${shard}: longest gap after the kill ${ms.toFixed(0)} ms`);
  const machineMs = Math.max(...[...gaps].filter(([shard]) => !isStruck(shard)).map(([, ms]) => ms));
  expect(machineMs).toBeLessThan(machineGapMaxMs);
  expect([...gaps].filter(([, ms]) => ms - machineMs > gapMaxMs)).toEqual([]);

  await everyOrderOnceInBoth(shop, sku, acknowledged);
  console.log(`${acknowledged.length} orders acknowledged, each exists once`);
}, 400_000);
