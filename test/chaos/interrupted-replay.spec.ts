import { beforeAll, describe, expect, it } from 'vitest';
import { regionsOf, type Region } from '#contracts';
import { metricNames } from '#telemetry';
import { eventually, scrape, sumOf, type WholeSystem } from '#test-kit';
import { replaySchema, retailFile } from '../journeys/retail.orders.ts';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { killedParts, restartsOf } from './killed-parts.ts';
import { everythingIsHome, seesStatus, settlesWithinMs } from './region.watch.ts';
import { whole } from './run/recovery.ts';

const documents = 40;
/** Slow enough that most orders come after the strike. */
const documentsPerSecond = 4;

let system: WholeSystem;
let [east, west] = ['', ''] as Region[] as [Region, Region];

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  [east, west] = regionsOf(system.topology) as unknown as [Region, Region];
  await everythingIsHome(system);
}, systemStartTimeoutMs);

/** Orders that the order services know of as placed. */
async function placed(): Promise<number> {
  const urls = Object.values(system.topology.regions).flatMap(({ services }) => services.order);
  const samples = await Promise.all(urls.map((url) => scrape(url)));
  return samples.reduce((sum, of) => sum + sumOf(of, metricNames.orders, { outcome: 'placed' }), 0);
}

/** Replays orders of a shop of its own; `strike` is called when some of them have been placed, and resolves when it has struck and all is whole again. */
async function replayWhile(shop: string, strike: (stillRuns: (when: string) => void) => Promise<void>): Promise<void> {
  const file = await retailFile({ system, documents, seed: Number(shop), shop });
  const before = await placed();
  const replay = system.command.start(['replay', '--file', file, '--rate', String(documentsPerSecond), '--json']);
  let running = true;
  const finished = replay.finished.finally(() => (running = false));
  const stillRuns = (when: string) => expect(running, `the replay still runs ${when}:\n${replay.output()}`).toBe(true);
  try {
    await eventually(async () => (await placed()) > before, { withinMs: settlesWithinMs, everyMs: 100 });
    stillRuns('before anything is lost');
    await strike(stillRuns);
    const { exitCode, stdout, stderr } = await finished;
    expect(exitCode, `${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`).toBe(0);
    const replayed = replaySchema.parse(JSON.parse(stdout));
    expect(replayed).toMatchObject({ documents, failures: [], agreement: { differences: [] } });
    console.log(`${replayed.documents} documents at ${replayed.documentsPerSecond.toFixed(1)}/s, ${replayed.retries} requests repeated`);
  } finally {
    replay.kill();
  }
}

describe('a replay of orders ends with no difference', () => {
  it.each(killedParts.map((part, index) => [part, String(51 + index)] as const))(
    'when %s is killed in its middle',
    (part, shop) =>
      replayWhile(shop, async (stillRuns) => {
        const restarts = await restartsOf(system, part);
        await system.command.succeed(['kill', part]);
        stillRuns(`when ${part} is killed`);
        await eventually(async () => (await restartsOf(system, part)) > restarts, { withinMs: 60_000, everyMs: 100 });
        await whole(system); // what a kill made the other region take over has gone home
      }),
    400_000,
  );

  it(
    'when a region is lost in its middle, taken over, and has its shards back',
    () =>
      replayWhile('57', async (stillRuns) => {
        await system.control.actOnRegion(east, 'kill');
        await seesStatus(system, west, `solo(${west})`);
        stillRuns(`when ${west} has taken over`);
        await system.command.succeed(['region', 'start', east], 300_000);
        await everythingIsHome(system);
      }),
    900_000,
  );
});
