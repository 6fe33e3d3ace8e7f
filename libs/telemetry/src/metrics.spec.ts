import { expect, it } from 'vitest';
import { metricHelp, metricNames, metrics, MetricsRegistry, startTelemetry } from './index.ts';

/** The lines of one metric, without its help and type. */
const linesOf = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(name));

it('metrics render as Prometheus reads them', async () => {
  const own = new MetricsRegistry();
  const requests = own.counter(metricNames.httpRequests);
  requests.add({ route: '/a"b', status: 200 });
  requests.add({ status: 200, route: '/a"b' }, 2);
  own.gauge(metricNames.shardsOpen).observe(() => [{ labels: {}, value: 4 }]);
  const durations = own.histogram(metricNames.httpDuration);
  durations.observe(0.02);
  durations.observe(99);
  const text = await own.render();
  expect(text).toContain(`# HELP evenkeel_http_requests_total ${metricHelp[metricNames.httpRequests]}\n`);
  expect(text).toContain('# TYPE evenkeel_http_requests_total counter\nevenkeel_http_requests_total{route="/a\\"b",status="200"} 3\n');
  expect(text).toContain('# TYPE evenkeel_shards_open gauge\nevenkeel_shards_open 4\n');
  expect(text).toContain('evenkeel_http_request_duration_seconds_bucket{le="0.025"} 1\n');
  expect(text).toContain('evenkeel_http_request_duration_seconds_bucket{le="+Inf"} 2\n');
  expect(text).toContain('evenkeel_http_request_duration_seconds_sum 99.02\n');
});

it('a metric holds so many label sets, and counts the rest together', async () => {
  const own = new MetricsRegistry();
  const requests = own.counter(metricNames.httpRequests);
  for (let i = 0; i < 1_000; i++) requests.add({ route: `/${i}` });
  const lines = linesOf(await own.render(), metricNames.httpRequests);
  expect(lines.length).toBeLessThanOrEqual(500);
  expect(lines.find((line) => line.includes('otel_metric_overflow="true"'))).toMatch(/ 50\d$/);
});

it('a gauge shows what each of its parts tells, until it is ended', async () => {
  const own = new MetricsRegistry();
  const parked = own.gauge(metricNames.parkedRecords);
  const end = parked.observe(() => [{ labels: { projector: 'order' }, value: 1 }]);
  parked.observe(() => [{ labels: { projector: 'checkout' }, value: 2 }]);
  const shown = async () => linesOf(await own.render(), metricNames.parkedRecords).toSorted();
  expect(await shown()).toEqual(['evenkeel_parked_records{projector="checkout"} 2', 'evenkeel_parked_records{projector="order"} 1']);
  end();
  expect(await shown()).toEqual(['evenkeel_parked_records{projector="checkout"} 2']);
});

it('one name is one metric of one kind', () => {
  const own = new MetricsRegistry();
  expect(own.counter(metricNames.orders)).toBe(own.counter(metricNames.orders));
  expect(() => own.gauge(metricNames.orders)).toThrow('another kind');
});

it('every name has a help text, and is one that Prometheus takes', () => {
  for (const name of Object.values(metricNames)) {
    expect(name).toMatch(/^[a-z][a-z0-9_]+$/);
    expect(metricHelp[name], `help of ${name}`).not.toBe('');
  }
});

it('every process tells of its CPU time, memory and event loop, from its start to its end', async () => {
  const telemetry = startTelemetry({ service: 'order-service', region: 'east', instance: 1, otlp: undefined });
  const text = await metrics.render();
  const value = (of: string, name: string): number => Number(linesOf(of, `${name} `)[0]?.split(' ')[1]);
  expect(value(text, metricNames.processCpu)).toBeGreaterThan(0);
  expect(value(text, metricNames.processMemory)).toBeGreaterThan(10_000_000);
  expect(value(text, metricNames.eventLoopActive)).toBeGreaterThan(0);
  await telemetry.stop();
  expect(linesOf(await metrics.render(), metricNames.processMemory)).toEqual([]);
});
