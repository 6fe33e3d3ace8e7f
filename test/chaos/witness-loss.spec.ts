import { afterAll, beforeAll, expect, it } from 'vitest';
import { productAnswerSchema, promotionConfirmation, type Region } from '#contracts';
import { answered, askApi, eventually, problemOf, Shop, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { agentOf, everyOrderOnceInBoth, everythingIsHome, seesStatus, settlesWithinMs } from './region.watch.ts';
import { SteadyOrders } from './steady-orders.workload.ts';
import { watchedByPrometheus, type WatchingPrometheus } from './watching-prometheus.ts';

let system: WholeSystem;
let shop: Shop;
let survivor: Region;
let lost: Region;
let prometheus: WatchingPrometheus;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'witness-loss');
  [survivor, lost] = [shop.regions[0]!, shop.regions[1]!];
  await everythingIsHome(system);
  prometheus = await watchedByPrometheus(system);
}, systemStartTimeoutMs);

afterAll(() => prometheus?.stop());

const unitsEverywhere = () => Object.fromEntries(shop.regions.map((region) => [region, 100_000]));

it('without the witness both regions go on, and one can be evacuated and filled again', async () => {
  const sku = shop.name('evacuated');
  await shop.stock([{ sku, unitPriceMinor: 100, units: unitsEverywhere() }]);
  await prometheus.seesEverything();
  await system.control.actOnRegion('witness', 'kill');
  const orders = new SteadyOrders({ system, shop, sku, everyMs: 1_000, answeredWithinMs: 300_000 });
  try {
    await prometheus.fire({ alertname: 'WitnessAway' });
    await eventually(() => orders.failed || orders.acknowledged.length >= 12, { withinMs: settlesWithinMs, everyMs: 100 });
    await system.command.succeed(['region', 'evacuate', lost]);
    await eventually(async () => (await agentOf(system, lost)).procedure?.because.includes(' 0 shards are owned here') === true, {
      withinMs: settlesWithinMs,
      everyMs: 200,
    });
    expect((await agentOf(system, lost)).serving.serving).toBe(false);
    const before = orders.acknowledged.length;
    await eventually(() => orders.failed || orders.acknowledged.length >= before + 12, { withinMs: settlesWithinMs, everyMs: 100 });
    await system.command.succeed(['region', 'return', lost]);
    await eventually(async () => (await agentOf(system, lost)).serving.serving, { withinMs: settlesWithinMs, everyMs: 200 });
  } finally {
    await orders.stop();
    await system.control.actOnRegion('witness', 'start');
  }
  await everythingIsHome(system);
  await everyOrderOnceInBoth(shop, sku, orders.acknowledged);
  await prometheus.clear({ alertname: 'WitnessAway' });
}, 600_000);

it('without witness and other region the survivor serves reads only and says why, until a person promotes it; then it takes back a region that has nothing; alerts say so all the while', async () => {
  const sku = shop.name('promoted');
  await shop.stock([{ sku, unitPriceMinor: 100, units: unitsEverywhere() }]);
  const customer = await shop.customerOf(lost);
  const settled = await shop.placeConfirmed({ customer, via: lost, lines: [{ sku, quantity: 1 }], key: shop.name('before') });
  const lossAlerts = [
    { alertname: 'RegionLost', region: lost },
    { alertname: 'NobodyServes' },
    { alertname: 'TakeoverStuck', region: lost },
  ];
  const unsettled = { alertname: 'RpoExposed', region: survivor, cause: 'unsettled' };
  const solo = { ...unsettled, cause: 'solo' };
  await prometheus.clear(...lossAlerts, unsettled, solo);
  // Under way at every moment: what the survivor appends when the other is gone waits for a receipt that does not come.
  const steady = shop.name('steady');
  await shop.stock([{ sku: steady, unitPriceMinor: 100, units: unitsEverywhere() }]);
  const orders = new SteadyOrders({ system, shop, sku: steady, everyMs: 1_000, answeredWithinMs: 400_000 });
  let after = settled;
  try {
    await eventually(() => orders.failed || orders.acknowledged.length >= 8, { withinMs: settlesWithinMs, everyMs: 100 });
    await Promise.all(['witness', lost].map((region) => system.control.actOnRegion(region, 'kill')));

    const waiting = await eventually(
      async () => {
        const agent = await agentOf(system, survivor);
        return agent.serving.serving ? undefined : agent;
      },
      { withinMs: settlesWithinMs, everyMs: 200 },
    );
    console.log(`${survivor} waits: ${waiting.serving.because}`);
    expect(waiting.serving.because).toContain('promote');
    const write = shop.placeRequest({ customer, lines: [{ sku, quantity: 1 }], key: shop.name('refused') });
    await eventually(async () => problemOf(await askApi(shop.storefront(survivor), write), 'region-not-serving'), { withinMs: 30_000 });
    answered(await askApi(shop.storefront(survivor), { method: 'GET', path: `/v1/products/${sku}` }), 200, productAnswerSchema);

    await prometheus.fire(...lossAlerts, unsettled, { alertname: 'WitnessAway' });
    const unsaid = system.command.start(['region', 'promote', survivor, '--json']);
    expect((await unsaid.finished).exitCode).not.toBe(0);
    const sentence = promotionConfirmation([lost]);
    await system.command.succeed(['region', 'promote', survivor, '--confirm', sentence], 120_000);
    await seesStatus(system, survivor, `solo(${survivor})`);
    expect((await agentOf(system, survivor)).lineage!.term).toBeGreaterThan(1_000_000);
    after = await shop.placeConfirmed({ customer, via: survivor, lines: [{ sku, quantity: 1 }], key: shop.name('after') });
    const again = await shop.placeConfirmed({ customer, via: survivor, lines: [{ sku, quantity: 1 }], key: shop.name('before') });
    expect(again.orderId).toBe(settled.orderId);
    expect(after.orderId).not.toBe(settled.orderId);
    await prometheus.clear({ alertname: 'NobodyServes' }, { alertname: 'TakeoverStuck', region: lost }, unsettled);

    // By then the lost region is nobody's second copy. It comes back as one that has nothing, and its own logs are filled from the survivor's mirrors.
    await system.control.actOnRegion('witness', 'start');
    await Promise.all([prometheus.fire(solo), system.command.succeed(['region', 'start', lost, '--without-logs'], 300_000)]);
    await everythingIsHome(system);
  } finally {
    await orders.stop();
  }
  await prometheus.clear(...lossAlerts, solo, unsettled, { alertname: 'WitnessAway' });
  await everyOrderOnceInBoth(shop, steady, orders.acknowledged);
  for (const [key, { orderId }] of Object.entries({ before: settled, after }))
    for (const region of shop.regions) {
      const known = await shop.placeConfirmed({ customer, via: region, lines: [{ sku, quantity: 1 }], key: shop.name(key) });
      expect([region, key, known.orderId]).toEqual([region, key, orderId]);
    }
  await shop.placeConfirmed({ customer, via: lost, lines: [{ sku, quantity: 1 }], key: shop.name('at-home-again') });
}, 900_000);
