import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, type WholeSystem } from '#test-kit';
import { replaySchema, retailFile } from '../journeys/retail.orders.ts';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';

/** One of each kind, in both regions; each is killed when the one before is back, in this order. */
const victims = [
  'east.order-service',
  'west.inventory-service',
  'payment-sandbox',
  'west.mirror-maker',
  'east.postgres',
  'west.kafka',
] as const;

const documents = 230;
/** Slow enough that every part dies while orders are under way. */
const documentsPerSecond = 1.3;

let system: WholeSystem;
let file: string;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  file = await retailFile({ system, documents, seed: 77, shop: '77' });
}, systemStartTimeoutMs);

afterAll(() => system.allReady());

async function restartsOf(part: string): Promise<number> {
  const found = (await system.status()).parts.find(({ name }) => name === part);
  if (found === undefined) throw new Error(`there is no part ${part}`);
  return found.restarts;
}

async function killAndAwait(part: string): Promise<number> {
  const before = await restartsOf(part);
  const startedMs = performance.now();
  await system.command.succeed(['kill', part]);
  await eventually(async () => (await restartsOf(part)) > before, { withinMs: 60_000, everyMs: 100 });
  await system.allReady();
  return performance.now() - startedMs;
}

it('a replay during which parts are killed, one at a time, ends with no difference', async () => {
  const replay = system.command.start(['replay', '--file', file, '--rate', String(documentsPerSecond), '--json']);
  let running = true;
  const finished = replay.finished.finally(() => (running = false));
  try {
    for (const part of victims) {
      expect(running, `the replay still runs when ${part} is killed:\n${replay.output()}`).toBe(true);
      const ms = await killAndAwait(part);
      console.log(`${part}: killed; everything ready again after ${(ms / 1000).toFixed(1)} s`);
    }
    const { exitCode, stdout, stderr } = await finished;
    expect(exitCode, `${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`).toBe(0);
    const replayed = replaySchema.parse(JSON.parse(stdout));
    expect(replayed).toMatchObject({ failures: [], agreement: { differences: [] } });
    console.log(`${replayed.documents} documents at ${replayed.documentsPerSecond.toFixed(1)}/s, ${replayed.retries} requests repeated`);
  } finally {
    replay.kill();
  }
}, 600_000);
