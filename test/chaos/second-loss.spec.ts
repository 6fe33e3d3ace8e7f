import { beforeAll, expect, it } from 'vitest';
import type { Region } from '#contracts';
import { askApi, eventually, problemOf, Shop, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { agentOf, everyOrderOnceInBoth, everythingIsHome, seesStatus, settlesWithinMs } from './region.watch.ts';
import { SteadyOrders } from './steady-orders.workload.ts';

let system: WholeSystem;
let shop: Shop;
let owner: Region;
let lost: Region;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'second-loss');
  [owner, lost] = [shop.regions[0]!, shop.regions[1]!];
  await everythingIsHome(system);
}, systemStartTimeoutMs);

/** Orders into every shard while `scenario` runs; then each that was acknowledged must exist once, in both regions. */
async function whileOrdersFlow(name: string, scenario: () => Promise<void>): Promise<void> {
  const sku = shop.name(name);
  await shop.stock([{ sku, unitPriceMinor: 100, units: Object.fromEntries(shop.regions.map((region) => [region, 100_000])) }]);
  const orders = new SteadyOrders({ system, shop, sku, everyMs: 1_000, answeredWithinMs: 400_000 });
  try {
    await eventually(() => orders.failed || orders.acknowledged.length >= 8, { withinMs: settlesWithinMs, everyMs: 100 });
    await scenario();
    const before = orders.acknowledged.length;
    await eventually(() => orders.failed || orders.acknowledged.length >= before + 8, { withinMs: settlesWithinMs, everyMs: 100 });
  } finally {
    await orders.stop();
  }
  await everyOrderOnceInBoth(shop, sku, orders.acknowledged);
  console.log(`${name}: ${orders.acknowledged.length} orders acknowledged, each exists once in both regions`);
}

/** Kills the region and starts it again; resolves at the moment when the owner begins to take it back. */
async function returning(): Promise<void> {
  await system.control.actOnRegion(lost, 'kill');
  await seesStatus(system, owner, `solo(${owner})`);
  await system.control.actOnRegion(lost, 'start');
  await seesStatus(system, owner, `rejoining(${lost})`, 20);
}

it('a region that dies again while it returns: its owner carries on alone, and takes it back later', async () => {
  await whileOrdersFlow('returning-dies', async () => {
    await returning();
    await system.control.actOnRegion(lost, 'kill');
    await seesStatus(system, owner, `solo(${owner})`);
    await system.command.succeed(['region', 'start', lost], 300_000);
    await everythingIsHome(system);
  });
}, 900_000);

it('the owner dies while the other region returns: that one may not take over, says so, and waits', async () => {
  await whileOrdersFlow('owner-dies', async () => {
    await returning();
    // Without its agents the returning region says no receipt of the new terms, so the status cannot become `paired` meanwhile.
    const agents = (await system.status()).parts.map(({ name }) => name).filter((name) => name.startsWith(`${lost}.region-agent`));
    await Promise.all(agents.map((agent) => system.control.act(agent, 'pause')));
    const { lineage } = await agentOf(system, owner);
    expect(lineage?.status).toEqual({ status: 'rejoining', region: lost });
    await system.control.actOnRegion(owner, 'kill');
    await Promise.all(agents.map((agent) => system.control.act(agent, 'resume')));

    const waiting = await eventually(
      async () => {
        const agent = await agentOf(system, lost);
        return agent.procedure?.awaitsPerson === true ? agent : undefined;
      },
      { withinMs: settlesWithinMs, everyMs: 200 },
    );
    expect(waiting.lineage?.status).toEqual({ status: 'rejoining', region: lost });
    expect(waiting.serving.serving).toBe(false);
    console.log(`${lost} waits: ${waiting.procedure!.because}`);
    const customer = await shop.customerOf(lost);
    const write = shop.placeRequest({ customer, lines: [{ sku: shop.name('owner-dies'), quantity: 1 }], key: shop.name('refused') });
    problemOf(await askApi(shop.storefront(lost), write), 'region-not-serving');

    await system.command.succeed(['region', 'start', owner], 300_000);
    await everythingIsHome(system);
  });
}, 900_000);
