import { expect, it } from 'vitest';
import { region } from '#contracts';
import type { RegionView, Step } from '#regions';
import { metricNames, metrics } from '#telemetry';
import { countingFrom } from '#test-kit';
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
  const grownBy = await countingFrom(metrics);
  const takenOver = (): Promise<number> => grownBy(metricNames.takeovers);
  countStep({ step: 'claim', procedure: 'takeover' } as Step, view, 20);
  countStep(swap('handoff', ['order.west.0']), view, 30);
  countStep(swap('return', ['order.west.0']), view, 30);
  expect(await takenOver()).toBe(0);
  countStep(swap('takeover', ['order.east.0', 'order.west.0']), view, 250);
  expect(await takenOver()).toBe(1);
  countStep(swap('promote', ['order.east.0']), view, 40); // west had owned nothing
  expect(await takenOver()).toBe(2);
  expect(await grownBy(metricNames.takeovers, { lost: 'west' })).toBe(2);
  expect(await grownBy(`${metricNames.procedureStepDuration}_sum`, { procedure: 'takeover', step: 'swap' })).toBeCloseTo(0.25);
  expect(await grownBy(`${metricNames.procedureStepDuration}_count`, { procedure: 'takeover', step: 'claim' })).toBe(1);
});
