import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Region } from '#contracts';
import { eventually, type WholeSystem } from '#test-kit';
import { replaySchema, retailFile } from '../journeys/retail.orders.ts';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { agentOf, everythingIsHome, seesStatus, settlesWithinMs } from './region.watch.ts';

const documents = 400;
/** Slow enough that orders are under way at each change of owner, and that the last one is not the end. */
const documentsPerSecond = 1;

let system: WholeSystem;
let file: string;
let [east, west] = ['', ''] as Region[] as [Region, Region];

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  [east, west] = Object.keys(system.topology.regions) as [Region, Region];
  file = await retailFile({ system, documents, seed: 46, shop: '46' });
  await everythingIsHome(system);
}, systemStartTimeoutMs);

afterAll(() => system.allReady());

/** The other region has taken over all that `lost` owned. */
async function takenOver(lost: Region, by: Region): Promise<void> {
  await system.control.actOnRegion(lost, 'kill');
  await seesStatus(system, by, `solo(${by})`);
}

async function evacuated(region: Region): Promise<void> {
  await system.command.succeed(['region', 'evacuate', region]);
  await eventually(async () => (await agentOf(system, region)).procedure?.because.includes(' 0 shards are owned here') === true, {
    withinMs: settlesWithinMs,
    everyMs: 200,
  });
}

/** Back without its tables: every reader in the region folds the logs of both, from the first record, across all their owners. */
const backWithoutTables = (region: Region) => system.command.succeed(['region', 'start', region, '--without-tables'], 300_000);

it('a replay that goes on while shards go east, west, east, west and home ends with no difference, and so do readers that begin anew', async () => {
  const replay = system.command.start(['replay', '--file', file, '--rate', String(documentsPerSecond), '--json']);
  let running = true;
  const finished = replay.finished.finally(() => (running = false));
  const stillRuns = (when: string) => expect(running, `the replay still runs ${when}:\n${replay.output()}`).toBe(true);
  try {
    await takenOver(east, west);
    stillRuns(`when ${west} has taken over`);
    await system.command.succeed(['region', 'start', east], 300_000);
    await everythingIsHome(system);
    stillRuns(`when ${east} has its shards back`);
    await evacuated(east);
    stillRuns(`when ${east} has handed over`);
    await takenOver(east, west);
    await backWithoutTables(east);
    await system.command.succeed(['region', 'return', east]);
    await everythingIsHome(system);
    stillRuns(`when ${east} is back with new tables`);
    await takenOver(west, east);
    await backWithoutTables(west);
    await everythingIsHome(system);

    const { exitCode, stdout, stderr } = await finished;
    expect(exitCode, `${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`).toBe(0);
    const replayed = replaySchema.parse(JSON.parse(stdout));
    expect(replayed).toMatchObject({ failures: [], agreement: { differences: [] } });
    const { lineage } = await agentOf(system, east);
    console.log(
      `${replayed.documents} documents at ${replayed.documentsPerSecond.toFixed(1)}/s, ${replayed.retries} requests repeated; term ${lineage?.term}`,
    );
  } finally {
    replay.kill();
  }
}, 1_500_000);
