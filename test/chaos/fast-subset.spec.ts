import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { regionsOf, type Region } from '#contracts';
import { eventually, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from '../journeys/shared.system.ts';
import { deeds } from './faults/all-deeds.ts';
import { killedParts, restartsOf } from './killed-parts.ts';
import type { PlannedFault } from './plan/scenario.ts';
import { violationsOf } from './report/chaos-report.ts';
import { whole } from './run/recovery.ts';
import { RunningLoad } from './run/running-load.ts';
import { strike } from './run/strike.ts';

const seed = 77;
type Struck = Pick<PlannedFault, 'kind' | 'how' | 'strikes'> & { readonly lastsMs: number };

/** Each dies and is started again at once. */
const killed = killedParts.map((strikes): Struck => ({ kind: 'kill', how: 'kill-part', strikes, lastsMs: 0 }));

/** And some of the matrix that are no death. Each has been recovered from before the next one strikes; regions are lost in `changing-owners.spec.ts`. */
const subset: readonly Struck[] = [
  ...killed,
  { kind: 'cut-one-way', how: 'cut-link-one-way', strikes: 'east-west', lastsMs: 6_000 },
  { kind: 'mirror-from-zero', how: 'repeat-mirror', strikes: 'east.mirror-maker', lastsMs: 0 },
  { kind: 'pause', how: 'pause-part', strikes: 'west.payment-service', lastsMs: 5_000 },
];

let system: WholeSystem;
let load: RunningLoad;

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  load = await RunningLoad.begin({ system, name: 'fast-subset', seed, workload: 'buy-and-return' });
  await load.isAnswered();
}, systemStartTimeoutMs);

afterAll(async () => {
  await load?.end();
  await system.allReady();
});

/** After one that failed nothing that follows says anything. */
let broke = false;
beforeEach(() => {
  if (broke) throw new Error('the load is not what it should be: an earlier fault was not recovered from');
});
afterEach(({ task }) => {
  broke ||= task.result?.state === 'fail';
});

describe('under one load of orders that are shipped and sent back', () => {
  it.each(subset)(
    '$kind of $strikes, and everything is whole again',
    async ({ kind, how, strikes, lastsMs }) => {
      const { nowMs, recorder } = load.context;
      const regions = regionsOf(system.topology) as unknown as readonly [Region, Region];
      const fault: PlannedFault = { kind, how, strikes, beginMs: nowMs(), healMs: nowMs() + lastsMs, chance: 0.5 };
      const restarts = how === 'kill-part' ? await restartsOf(system, strikes) : 0;
      await strike({ blow: deeds[how]({ system, regions, say: console.log }, fault), fault, nowMs, recorder, say: console.log });
      const healedMs = nowMs();
      if (how === 'kill-part')
        await eventually(async () => (await restartsOf(system, strikes)) > restarts, { withinMs: 60_000, everyMs: 100 });
      await whole(system);
      console.log(`${kind} of ${strikes}: whole again after ${((nowMs() - healedMs) / 1000).toFixed(1)} s`);
    },
    400_000,
  );

  it('then all that clients were told holds, in both regions and at the payment provider', async () => {
    await load.isAnswered();
    await load.end();
    const judged = await load.judged({ signal: AbortSignal.timeout(300_000), say: console.log });
    expect(violationsOf(judged)).toEqual([]);
    console.log(
      `${load.context.attempts.length} requests; examined: ${judged.checks.map(({ name, examined }) => `${name} ${examined}`).join(', ')}`,
    );
  }, 600_000);
});
