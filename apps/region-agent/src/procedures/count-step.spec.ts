import { expect, it } from 'vitest';
import { region } from '#contracts';
import type { RegionView, Step } from '#regions';
import { metricNames, metrics } from '#telemetry';
import { countStep } from './count-step.ts';

const [east, west] = [region('east'), region('west')];
const view = {
  here: east,
  peers: new Map([[west, {}]]),
  stored: { lineage: { shards: { 'order.east.0': [{ owner: east }], 'order.west.0': [{ owner: west }] } } },
} as unknown as RegionView;
const swap = (procedure: string, shards: readonly string[]): Step =>
  ({ step: 'swap', procedure, because: '', added: new Map(shards.map((shard) => [shard, {}])) }) as unknown as Step;

it('counts what is taken over once, when it is done, and times every step', async () => {
  const takeovers = async () => (await metrics.render()).split('\n').filter((line) => line.startsWith(metricNames.takeovers));
  countStep({ step: 'claim', procedure: 'takeover' } as Step, view, 20);
  countStep(swap('handoff', ['order.west.0']), view, 30);
  countStep(swap('return', ['order.west.0']), view, 30);
  expect(await takeovers()).toEqual([]);
  countStep(swap('takeover', ['order.east.0', 'order.west.0']), view, 250);
  expect(await takeovers()).toEqual([`${metricNames.takeovers}{lost="west"} 1`]);
  countStep(swap('promote', ['order.east.0']), view, 40); // west had owned nothing
  expect(await takeovers()).toEqual([`${metricNames.takeovers}{lost="west"} 2`]);
  const text = await metrics.render();
  expect(text).toContain(`${metricNames.procedureStepDuration}_sum{procedure="takeover",step="swap"} 0.25\n`);
  expect(text).toContain(`${metricNames.procedureStepDuration}_count{procedure="takeover",step="claim"} 1\n`);
});
