import { describe, expect, it } from 'vitest';
import { troublesOf, type BenchResult } from '../bench-result.ts';
import { soundRun } from '../bench.fixture.ts';
import { loadResult } from '../orders/load-result.ts';
import { benchText } from './bench-text.ts';
import { ratios } from './ratios.ts';

const percentiles = (p50: number) => ({ count: 100, p50, p95: 2 * p50, p99: 3 * p50, max: 4 * p50 });

const rebuilt = (ratio: number) => ({
  rawRecordsPerSecond: 4_000,
  seconds: 1,
  eventsPerSecond: 4_000 * ratio,
  ratio,
  differing: [],
  peakMemory: 100 * 1024 * 1024,
  projectorCpuMs: 900,
  liveReads: { count: 10, slowestMs: 20 },
});
const interrupted = { killedAt: 0.5, resumed: true, checksumsEqual: true };

const sound: BenchResult = {
  startedAt: '2026-01-01T00:00:00.000Z',
  machine: { cores: 2, cpu: 'test', memoryBytes: 1, loadAverageBefore: 0.5 },
  orders: [loadResult(20, [soundRun()]), loadResult(40, [soundRun({ confirmedPerSecond: 33 })])],
  quiet: {
    mirrorVisibleMs: percentiles(20),
    idle: { cpuMsPerSecond: { 'east.kafka': 40, 'west.kafka': 45 }, linkBytesPerSecond: { kafka: 900, services: 0, etcd: 100 } },
    orders: soundRun({ settledMs: percentiles(50) }),
  },
  hotSku: {
    orders: soundRun(),
    units: 100,
    reserved: 100,
    violations: [],
    writer: { wanted: 10, units: 6, reserved: 6, rejected: 4, decidedPerSecond: 2_000, shownAfterSeconds: 1, violations: [] },
  },
  limits: {
    append: { recordsPerSecond: 40_000, singleMs: percentiles(2) },
    consume: { records: 100, seconds: 1, recordsPerSecond: 100 },
    upserts: { insertsPerSecond: 20_000, updatesPerSecond: 18_000 },
    route: { requestsPerSecond: 6_600, serverCpuMsPerRequest: 0.1 },
  },
  rebuild: { events: 1_000, orders: 100, runs: [rebuilt(0.1), rebuilt(0.4), rebuilt(0.25)], healedSeconds: 2, interrupted },
  memory: undefined,
  failures: [],
};

describe('the ratios', () => {
  it('set what was measured beside its limit, of loads the one with the most confirmed', () => {
    expect(Object.fromEntries(ratios(sound).map(({ what, ratio }) => [what, ratio]))).toEqual({
      'settled, quiet p50 / mirror visible p50': 2.5,
      'confirmed, quiet p50 / mirror visible p50': 15,
      'confirmed orders / bare route requests': 0.005,
      'commits appended / kafkajs append': 0.004,
      'table rows written / unnest upserts': 0.05,
      'hot sku decisions / kafkajs append': 0.05,
      'rebuild / kafkajs consume, same topics': 0.25,
    });
  });

  it('leave out what was not measured', () => {
    expect(ratios({ ...sound, limits: undefined, quiet: undefined }).map(({ what }) => what)).toEqual([
      'rebuild / kafkajs consume, same topics',
    ]);
  });
});

describe('the report', () => {
  it('has a row for each load, each process and each ratio, and says that all was clean', () => {
    const text = benchText(sound);
    expect(text).toMatch(/^20 +1\/1 +20\.0 .* yes$/m);
    expect(text).toMatch(/^40 +1\/1 .* no$/m);
    expect(text).toMatch(/^kafka +7\.00 +310$/m);
    expect(text).toMatch(/without any order +85 CPU ms\/s \(kafka 85\), 1,000 link bytes\/s/);
    expect(text).toMatch(/^settled, quiet p50 \/ mirror visible p50 +50\.0 ms +20\.0 ms +2\.5 +less$/m);
    expect(text.endsWith('clean: no error, no void run, nothing lost, doubled or oversold')).toBe(true);
  });

  it.each([
    {
      planted: 'a measurement that failed',
      with: { failures: ['orders: could not be measured: why'] },
      found: 'orders: could not be measured: why',
    },
    {
      planted: 'an error',
      with: { orders: [loadResult(20, [soundRun({ errors: { '503': 4 } })])] },
      found: '20 orders/s, run 1: 4 orders ended with 503',
    },
    { planted: 'a void run', with: { orders: [loadResult(20, [soundRun({ void: 'late' })])] }, found: '20 orders/s, run 1: VOID, late' },
    {
      planted: 'a lost order',
      with: { orders: [loadResult(20, [soundRun({ violations: ['1 orders lost'] })])] },
      found: '20 orders/s, run 1: 1 orders lost',
    },
    {
      planted: 'a rebuild that differs',
      with: { rebuild: { ...sound.rebuild!, runs: [{ ...rebuilt(0.2), differing: ['orders'] }] } },
      found: 'rebuild, run 1: differs from the live tables: orders',
    },
    {
      planted: 'a rebuild that a kill changes',
      with: { rebuild: { ...sound.rebuild!, interrupted: { ...interrupted, checksumsEqual: false } } },
      found: 'rebuild: what was killed and asked for again has other checksums',
    },
    { planted: 'an oversold sku', with: { hotSku: { ...sound.hotSku!, violations: ['oversold'] } }, found: 'hot sku: oversold' },
    {
      planted: 'a mirror that shows nothing',
      with: { quiet: { ...sound.quiet!, mirrorVisibleMs: undefined } },
      found: 'quiet: no beat was seen through the mirrors',
    },
  ])('is not clean with $planted', ({ with: differs, found }) => {
    const result = { ...sound, ...differs };
    expect(troublesOf(result)).toEqual([found]);
    expect(benchText(result)).toContain(`NOT CLEAN\n  ${found}`);
  });
});
