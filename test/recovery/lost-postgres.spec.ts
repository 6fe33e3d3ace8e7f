import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { rebuildAnswerSchema, region } from '#contracts';
import { askApi, eventually, eventuallyHolds, Shop, type WholeSystem } from '#test-kit';
import { everyOrderOnceInBoth } from '../chaos/region.watch.ts';
import { SteadyOrders } from '../chaos/steady-orders.workload.ts';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';

const lost = region('east');

let system: WholeSystem;
let shop: Shop;
let sku: string;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'lost-postgres');
  sku = shop.name('kettle');
  await shop.stock([{ sku, unitPriceMinor: 2_500, units: { east: 20_000, west: 20_000 } }]);
}, systemStartTimeoutMs);

afterAll(() => system.allReady());

const statusSchema = z.object({ projections: z.array(z.object({ projection: z.string(), verdict: z.string() })) });
const verdicts = async (): Promise<readonly string[]> => {
  const { stdout } = await system.command.run(['status', '--json']);
  return statusSchema.parse(JSON.parse(stdout)).projections.map(({ projection, verdict }) => `${projection} ${verdict}`);
};

const rebuildsAfter = async (): Promise<readonly z.infer<typeof rebuildAnswerSchema>[]> => {
  const { parts } = await system.status();
  const projectors = parts.filter(({ name }) => name.startsWith(`${lost}.`) && name.endsWith('-projector'));
  return Promise.all(
    projectors.map(async ({ url }) =>
      rebuildAnswerSchema.parse(await (await fetch(`${url}/internal/rebuild`, { signal: AbortSignal.timeout(5_000) })).json()),
    ),
  );
};

it('a region whose PostgreSQL data folder is deleted under orders heals by itself, and no order is lost', async () => {
  const reader = await shop.customerOf(lost);
  const read = () => askApi(shop.storefront(lost), { method: 'GET', path: '/v1/orders?limit=1', token: reader.token, timeoutMs: 5_000 });
  expect((await read()).status).toBe(200);
  const orders = new SteadyOrders({ system, shop, sku, everyMs: 500, answeredWithinMs: 240_000 });
  await eventually(() => orders.failed || orders.acknowledged.length >= 40, { withinMs: 60_000 });

  const startedMs = performance.now();
  const seconds = (): string => ((performance.now() - startedMs) / 1000).toFixed(1);
  const before = (await system.status()).parts.find(({ name }) => name === `${lost}.postgres`)!.restarts;
  await rm(join(system.home, 'data', `${lost}.postgres`), { recursive: true, force: true, maxRetries: 5 });
  // Its server notices within a minute that its folder is gone, and ends; reads that cannot be answered meanwhile say when to come again.
  await eventually(
    async () => {
      const { status, headers } = await read();
      if (status !== 503) return false;
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
      return true;
    },
    { withinMs: 120_000, everyMs: 50 },
  );
  console.log(`the first read was answered 503 after ${seconds()} s`);
  await eventually(async () => (await system.status()).parts.find(({ name }) => name === `${lost}.postgres`)!.restarts > before, {
    withinMs: 120_000,
    everyMs: 100,
  });
  console.log(`PostgreSQL began anew after ${seconds()} s`);
  await eventually(async () => (await read()).status === 200, { withinMs: 180_000, everyMs: 200 });
  console.log(`reads were back after ${seconds()} s`);
  const healed = orders.acknowledged.length;
  await eventually(() => orders.failed || orders.acknowledged.length >= healed + 40, { withinMs: 120_000 });
  await orders.stop(); // throws what made one fail

  // Reads of orders are back when those are rebuilt; the others may still be at it.
  await eventuallyHolds(async () => expect((await rebuildsAfter()).map(({ state }) => state)).toEqual(['done', 'done', 'done']), {
    withinMs: 180_000,
    everyMs: 500,
  });
  await everyOrderOnceInBoth(shop, sku, orders.acknowledged);
  await eventually(async () => (await verdicts()).every((verdict) => verdict.endsWith(' equal')), { withinMs: 120_000, everyMs: 1_000 });
  console.log(`${orders.acknowledged.length} orders, each once in both regions; both agree`);
}, 900_000);
