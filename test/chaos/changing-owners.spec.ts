import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Region } from '#contracts';
import { askApi, eventually, problemOf, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { agentOf, everythingIsHome, seesStatus, settlesWithinMs } from './region.watch.ts';
import { RunningLoad } from './run/running-load.ts';
import { violationsOf } from './report/chaos-report.ts';

/**
 * One load goes on while shards go east, west, east, west, east and home, some of them half-way only, and both regions begin anew with empty
 * tables. What its clients were told is judged once, at the end.
 */
let system: WholeSystem;
let load: RunningLoad;
let [east, west] = ['', ''] as Region[] as [Region, Region];

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  [east, west] = Object.keys(system.topology.regions) as [Region, Region];
  await everythingIsHome(system);
  load = await RunningLoad.begin({ system, name: 'changing-owners', seed: 46, workload: 'buy-and-return', sessionsPerHome: 2 });
  await load.isAnswered();
}, systemStartTimeoutMs);

afterAll(async () => {
  const left = (await system.status()).parts.filter(({ state }) => state === 'paused'); // by a test that failed
  await Promise.all(left.map(({ name }) => system.control.act(name, 'resume')));
  await load?.end();
  await system.allReady();
});

/** The other region has taken over all that `lost` owned. */
async function takenOver(lost: Region, by: Region): Promise<void> {
  await system.control.actOnRegion(lost, 'kill');
  await seesStatus(system, by, `solo(${by})`);
}

/** Starts a lost region; resolves when the owner has begun to take it back, or is done by the time that somebody looks. */
async function returning(lost: Region, owner: Region): Promise<void> {
  await system.control.actOnRegion(lost, 'start');
  await eventually(
    async () => {
      const { lineage, procedure } = await agentOf(system, owner);
      const status = lineage?.status.status;
      if (status !== 'rejoining' && status !== 'paired') throw new Error(`${owner}: ${status}; ${procedure?.because}`);
      return true;
    },
    { withinMs: settlesWithinMs, everyMs: 20 },
  );
}

/** How late the receipts of a returning region arrive: longer than it takes to stop the mirror that brings them, shorter than a silence that counts. */
const receiptsLateMs = 600;
/** An agent writes something every half second: after such a silence nothing is under way any more. */
const silentMinMs = 1_000;
/** The one that brings a region what others write. */
const mirrorOf = (region: Region): string => `${region}.mirror-maker`;

/** Whether the owner is still taking `lost` back, and rests: it waits for receipts. `false`: it is done, or has lost it again. */
const restsInReturn = (lost: Region, owner: Region): Promise<boolean> =>
  eventually(
    async () => {
      const { lineage, procedure, peers } = await agentOf(system, owner);
      const status = lineage?.status.status;
      const silentMs = peers.find(({ region }) => region === lost)?.silentForMs ?? 0;
      const because = `${status}, nothing from ${lost} for ${silentMs} ms: ${procedure?.because}`;
      const waits = silentMs >= silentMinMs && /no receipt of their own term|has not receipted/.test(because);
      const rests = status === 'rejoining' && waits;
      if (!rests && status !== 'paired' && status !== 'solo') throw new Error(because);
      console.log(`${owner} takes ${lost} back; ${because}`);
      return { rests };
    },
    { withinMs: settlesWithinMs, everyMs: 20 },
  ).then(({ rests }) => rests);

/**
 * `lost` was taken over, is being taken back, and comes no further: the mirror that brings its receipts to the owner is stopped before the first of
 * them is there. If all the same every one came through, or nobody looked in time, once more.
 */
async function heldInReturn(lost: Region, owner: Region): Promise<void> {
  for (let attempt = 1; attempt <= 4; attempt++) {
    await takenOver(lost, owner);
    await system.control.delay({ from: lost, to: owner, direction: 'one-way', ms: receiptsLateMs });
    await returning(lost, owner);
    await system.control.act(mirrorOf(owner), 'pause');
    await system.control.heal({ from: lost, to: owner });
    if (await restsInReturn(lost, owner)) return;
    await system.control.act(mirrorOf(owner), 'resume');
    await everythingIsHome(system);
  }
  throw new Error(`${lost} was never met while it returned`);
}

/** Back without its tables: every reader in the region folds the logs of both, from the first record, across all their owners. */
const backWithoutTables = (region: Region) => system.command.succeed(['region', 'start', region, '--without-tables'], 300_000);

/** Each step stands on the one before. */
let broke = false;
beforeEach(() => {
  if (broke) throw new Error('an earlier step failed, so this one says nothing');
});
afterEach(({ task }) => {
  broke ||= task.result?.state === 'fail';
});

describe('under one load', () => {
  it('a region that dies again while it returns: its owner carries on alone', async () => {
    await heldInReturn(east, west);
    await takenOver(east, west);
    await system.control.act(mirrorOf(west), 'resume');
    await load.isAnswered();
  }, 900_000);

  it('is taken back later, with empty tables, and has its shards back', async () => {
    await backWithoutTables(east);
    await everythingIsHome(system);
    await load.isAnswered();
  }, 500_000);

  it('the owner dies while the other region returns: that one may not take over, says so, and waits', async () => {
    await heldInReturn(west, east);
    await system.control.actOnRegion(east, 'kill');

    const waiting = await eventually(
      async () => {
        const agent = await agentOf(system, west);
        return agent.procedure?.awaitsPerson === true ? agent : undefined;
      },
      { withinMs: settlesWithinMs, everyMs: 200 },
    );
    expect(waiting.lineage?.status).toEqual({ status: 'rejoining', region: west });
    expect(waiting.serving.serving).toBe(false);
    console.log(`${west} waits: ${waiting.procedure!.because}`);
    const { shop, goods } = load.context;
    const customer = await shop.customerOf(west);
    const write = shop.placeRequest({ customer, lines: [{ sku: goods.plenty[0], quantity: 1 }], key: shop.name('refused') });
    await eventually(async () => problemOf(await askApi(shop.storefront(west), write), 'region-not-serving'), {
      withinMs: 60_000,
      everyMs: 200,
    });
  }, 900_000);

  it('the owner comes back, with empty tables too, and everything goes home', async () => {
    await backWithoutTables(east);
    await everythingIsHome(system);
    await load.isAnswered();
  }, 500_000);

  it('then all that clients were told holds, readers that began anew agree with all others, and so does the payment provider', async () => {
    await load.end();
    const judged = await load.judged({ signal: AbortSignal.timeout(300_000), say: console.log });
    expect(violationsOf(judged)).toEqual([]);
    const examined = Object.fromEntries(judged.checks.map((check) => [check.name, check.examined]));
    expect(Object.values(examined).filter((facts) => facts > 0).length).toBeGreaterThan(judged.checks.length / 2);
    const { lineage } = await agentOf(system, east);
    console.log(`${load.context.attempts.length} requests; term ${lineage?.term}; facts examined: ${JSON.stringify(examined)}`);
  }, 600_000);
});
