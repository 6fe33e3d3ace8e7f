import { afterEach, expect, it } from 'vitest';
import { commandId } from '#contracts';
import { metricNames, metrics, startTelemetry, traceIdIn, type Telemetry } from '#telemetry';
import { countingFrom } from '#test-kit';
import type { DecidedCommit } from './decide-batch.ts';
import { WatchedAppend } from './watched-append.ts';

const shard = 'order.east.1';
const traceOf = (command: string): string => `00-${command.repeat(32)}-${'b'.repeat(16)}-01`;
const commits = ['1', '2'].map((id, index): DecidedCommit<unknown> => {
  const envelope = {
    commandId: commandId(id),
    shard,
    correlation: id,
    traceparent: traceOf(id),
    reply: true,
    command: { type: 'Place' },
  } as const;
  return { seq: index + 1, envelope, streams: [id], events: [] };
});

let telemetry: Telemetry | undefined;
afterEach(() => telemetry?.stop());
const start = (otlpUrl?: string): void => {
  const otlp = otlpUrl === undefined ? undefined : { otlpUrl, traceRatio: 1 };
  telemetry = startTelemetry({ service: 'order-service', region: 'east', instance: 1, otlp });
};

it("a commit's record carries its command's trace as it came, when nothing is recorded", () => {
  start();
  const append = new WatchedAppend(shard, commits);
  expect(commits.map((_, index) => append.traceparentOf(index))).toEqual([traceOf('1'), traceOf('2')]);
});

it("a commit's record carries its own span in its command's trace, when spans are recorded", () => {
  start('http://127.0.0.1:9');
  const append = new WatchedAppend(shard, commits);
  const carried = commits.map((_, index) => append.traceparentOf(index));
  expect(carried.map(traceIdIn)).toEqual(['1'.repeat(32), '2'.repeat(32)]);
  for (const traceparent of carried) expect(traceparent).not.toContain('b'.repeat(16));
  append.acknowledged();
  append.readBack();
});

it('counts the commits that were read back, and the appends that were acknowledged or are in doubt', async () => {
  start();
  const grownBy = await countingFrom(metrics);
  const appends = [1, 2, 3].map(() => new WatchedAppend(shard, commits));
  appends[0]!.acknowledged();
  appends[0]!.readBack();
  appends[1]!.acknowledged();
  appends[1]!.failed('not-read-back');
  appends[2]!.failed('doubtful');
  expect(await grownBy(metricNames.commitsAppended, { service: 'order' })).toBe(2);
  expect(await grownBy(`${metricNames.appendDuration}_count`, { service: 'order' })).toBe(2);
  expect(await grownBy(metricNames.doubtfulAppends, { service: 'order' })).toBe(1);
});
