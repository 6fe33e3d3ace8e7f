import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { productAnswerSchema, promotionConfirmation, type Region } from '#contracts';
import { answered, askApi, eventually, problemOf, type Customer, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { agentOf, everythingIsHome, ownsItsOwn, seesStatus, settlesWithinMs } from './region.watch.ts';
import { violationsOf } from './report/chaos-report.ts';
import { RunningLoad } from './run/running-load.ts';
import { watchedByPrometheus, type WatchingPrometheus } from './watching-prometheus.ts';

/** One load, while the witness is lost, then a region too, and both come back. What its clients were told is judged once, at the end. */
let system: WholeSystem;
let load: RunningLoad;
let survivor: Region;
let lost: Region;
let prometheus: WatchingPrometheus;
let customer: Customer;
/** Orders that were acknowledged before and after the loss, by the name of their key. */
const known = new Map<string, string>();

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  await everythingIsHome(system);
  prometheus = await watchedByPrometheus(system);
  load = await RunningLoad.begin({ system, name: 'witness-loss', seed: 11, workload: 'buy-and-return', sessionsPerHome: 2 });
  [survivor, lost] = load.context.regions as [Region, Region];
  const { shop, regions } = load.context;
  customer = await shop.customerOf(lost);
  await shop.stock([{ sku: shop.name('known'), unitPriceMinor: 100, units: Object.fromEntries(regions.map((region) => [region, 1_000])) }]);
  await load.isAnswered();
}, systemStartTimeoutMs);

afterAll(async () => {
  await prometheus?.stop();
  await load?.end();
  await system.allReady();
});

/** Of goods that the load does not buy: who asks here is none of its sessions. */
const lines = () => [{ sku: load.context.shop.name('known'), quantity: 1 }];
const place = async (via: Region, name: string): Promise<string> => {
  const { shop } = load.context;
  return (await shop.placeConfirmed({ customer, via, lines: lines(), key: shop.name(name) })).orderId;
};
const lossAlerts = () => [
  { alertname: 'RegionLost', region: lost },
  { alertname: 'NobodyServes' },
  { alertname: 'TakeoverStuck', region: lost },
];
const unsettled = () => ({ alertname: 'RpoExposed', region: survivor, cause: 'unsettled' });
const solo = () => ({ ...unsettled(), cause: 'solo' });

async function evacuatedAndFilledAgain(): Promise<void> {
  await load.isAnswered();
  await system.command.succeed(['region', 'evacuate', lost]);
  await eventually(async () => (await agentOf(system, lost)).procedure?.because.includes(' 0 shards are owned here') === true, {
    withinMs: settlesWithinMs,
    everyMs: 200,
  });
  expect((await agentOf(system, lost)).serving.serving).toBe(false);
  await load.isAnswered();
  await system.command.succeed(['region', 'return', lost]);
  await eventually(async () => (await agentOf(system, lost)).serving.serving, { withinMs: settlesWithinMs, everyMs: 200 });
  for (const region of [survivor, lost]) await ownsItsOwn(system, region);
}

/** Each step stands on the one before. */
let broke = false;
beforeEach(() => {
  if (broke) throw new Error('an earlier step failed, so this one says nothing');
});
afterEach(({ task }) => {
  broke ||= task.result?.state === 'fail';
});

describe('under one load', () => {
  it('without the witness both regions go on, and one can be evacuated and filled again', async () => {
    await prometheus.seesEverything();
    await system.control.actOnRegion('witness', 'kill');
    await Promise.all([prometheus.fire({ alertname: 'WitnessAway' }), evacuatedAndFilledAgain()]);
    known.set('before', await place(lost, 'before'));
  }, 600_000);

  it('without the other region too the survivor serves reads only and says why; alerts say so', async () => {
    await prometheus.clear(...lossAlerts(), unsettled(), solo());
    await load.isAnswered(); // under way at every moment: what is appended now waits for a receipt that does not come
    await system.control.actOnRegion(lost, 'kill');
    const waiting = await eventually(
      async () => {
        const agent = await agentOf(system, survivor);
        return agent.serving.serving ? undefined : agent;
      },
      { withinMs: settlesWithinMs, everyMs: 200 },
    );
    console.log(`${survivor} waits: ${waiting.serving.because}`);
    expect(waiting.serving.because).toContain('promote');
    const { shop } = load.context;
    const write = shop.placeRequest({ customer, lines: lines(), key: shop.name('refused') });
    await eventually(async () => problemOf(await askApi(shop.storefront(survivor), write), 'region-not-serving'), { withinMs: 30_000 });
    const read = await askApi(shop.storefront(survivor), { method: 'GET', path: `/v1/products/${lines()[0]!.sku}` });
    answered(read, 200, productAnswerSchema);
    await prometheus.fire(...lossAlerts(), unsettled(), { alertname: 'WitnessAway' });
  }, 600_000);

  it('until a person promotes it', async () => {
    const unsaid = system.command.start(['region', 'promote', survivor, '--json']);
    expect((await unsaid.finished).exitCode).not.toBe(0);
    const sentence = promotionConfirmation([lost]);
    await system.command.succeed(['region', 'promote', survivor, '--confirm', sentence], 120_000);
    const promoted = await seesStatus(system, survivor, `solo(${survivor})`);
    // Under no other term: the lost majority may have given away the next one.
    expect(promoted.lineage!.term).toBeGreaterThan(1_000_000);
    known.set('after', await place(survivor, 'after'));
    expect(await place(survivor, 'before')).toBe(known.get('before'));
    expect(known.get('after')).not.toBe(known.get('before'));
    await prometheus.clear({ alertname: 'NobodyServes' }, { alertname: 'TakeoverStuck', region: lost }, unsettled());
  }, 600_000);

  it('then it takes back a region that has nothing', async () => {
    // By now the lost region is nobody's second copy. It comes back as one that has nothing, and its own logs are filled from the survivor's mirrors.
    await system.control.actOnRegion('witness', 'start');
    await Promise.all([prometheus.fire(solo()), system.command.succeed(['region', 'start', lost, '--without-logs'], 300_000)]);
    await everythingIsHome(system);
    await load.isAnswered();
    await prometheus.clear(...lossAlerts(), solo(), unsettled(), { alertname: 'WitnessAway' });
  }, 600_000);

  it('and all that clients were told holds, in both regions and at the payment provider', async () => {
    await load.end();
    for (const [key, orderId] of known)
      for (const region of [survivor, lost]) expect([region, key, await place(region, key)]).toEqual([region, key, orderId]);
    await place(lost, 'at-home-again');
    const judged = await load.judged({ signal: AbortSignal.timeout(300_000), say: console.log });
    expect(violationsOf(judged)).toEqual([]);
    console.log(
      `${load.context.attempts.length} requests; examined: ${judged.checks.map(({ name, examined }) => `${name} ${examined}`).join(', ')}`,
    );
  }, 600_000);
});
