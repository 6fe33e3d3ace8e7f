import { expect, it } from 'vitest';
import type { SettledBatch } from '#shard-log';
import { metricNames, metrics } from '#telemetry';
import { ProjectorWatch, type WatchedProjector } from './projector-watch.ts';

const shown = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await metrics.render())
      .split('\n')
      .filter((line) => line.includes('{projector="counters"}'))
      .map((line) => line.split('{projector="counters"} '))
      .map(([name, value]) => [name!, Number(value)]),
  );

const batch = (commits: number, oldestMs: number): SettledBatch =>
  ({ commits: Array.from({ length: commits }, () => ({ commit: { traceparent: '' } })), oldestMs }) as unknown as SettledBatch;

type Status = ReturnType<WatchedProjector['status']>;

function watched() {
  const stands: { -readonly [K in keyof Status]: Status[K] } = {
    role: 'standby',
    lastError: undefined,
    stoppedShards: { 'order.east.0': 'a gap' },
  };
  const parked = { count: 0 };
  const pool = { query: () => Promise.resolve({ rows: [{ parked: String(parked.count) }] }) } as never;
  const watch = new ProjectorWatch({ name: 'counters', database: { pool, schema: 'counters' }, status: () => stands });
  return { watch, stands, parked };
}

it('a projector that stands by says so, and no more; its leader tells what it stored and what it set aside', async () => {
  const { watch, stands, parked } = watched();
  expect(await shown()).toEqual({ [metricNames.projectorLeading]: 0 });
  stands.role = 'leader';
  await watch.leads();
  watch.read(batch(3, Date.now() - 2_000));
  const lag = (await shown())[metricNames.projectionLag]!;
  expect(lag).toBeGreaterThanOrEqual(2);
  expect(await watch.stores(batch(3, 0), () => Promise.resolve('stored'))).toBe('stored');
  expect(await shown()).toMatchObject({
    [metricNames.projectorLeading]: 1,
    [metricNames.projectedCommits]: 3,
    [metricNames.parkedRecords]: 0,
    [metricNames.shardsStopped]: 1,
  });
  parked.count = 2;
  await watch.parkedChanged();
  expect((await shown())[metricNames.parkedRecords]).toBe(2);
  stands.role = 'standby';
  watch.standsBy();
  expect(await shown()).toEqual({ [metricNames.projectorLeading]: 0, [metricNames.projectedCommits]: 3 });
  watch.close();
  expect(await shown()).toEqual({ [metricNames.projectedCommits]: 3 });
});

it('one that fails to store falls behind for everybody to see', async () => {
  const { watch, stands } = watched();
  stands.role = 'leader';
  await watch.leads();
  watch.read(batch(1, Date.now() - 5_000));
  await expect(watch.stores(batch(1, 0), () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  [stands.role, stands.lastError] = ['standby', 'no database'];
  watch.standsBy();
  expect((await shown())[metricNames.projectionLag]).toBeGreaterThanOrEqual(5);
  watch.close();
});
