import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { currentTraceId, currentTraceparent, metricNames, MetricsRegistry, spanNames, startTelemetry, withSpan } from './index.ts';
import { context, propagation, trace } from '@opentelemetry/api';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  trace.disable();
  context.disable();
  propagation.disable();
});
const start = (otlpUrl: string | undefined) => {
  const telemetry = startTelemetry({ service: 'order-service', region: 'east', instance: 1, otlpUrl });
  stops.push(() => telemetry.stop());
  return telemetry;
};

const remote = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

it('a trace goes on from its remote parent, exported or not', async () => {
  start(undefined);
  await withSpan(spanNames.commandDecide, { traceparent: remote }, async () => {
    await Promise.resolve();
    expect(currentTraceparent()).toBe(remote);
    await withSpan(spanNames.commitAppend, {}, async () => expect(currentTraceId()).toBe('a'.repeat(32)));
  });
  expect(currentTraceparent()).toBe('');
});

it.each([undefined, '', 'nonsense', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`])(
  'without a parent (%s) a trace begins',
  async (traceparent) => {
    start(undefined);
    await withSpan(spanNames.commandDecide, { traceparent }, async () =>
      expect(currentTraceparent()).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    );
  },
);

it('spans reach an OTLP receiver, with service, parent and failure', async () => {
  const bodies: string[] = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      bodies.push(`${request.url} ${body}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => receiver.close(resolve)));
  const telemetry = start(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`);
  const failing = withSpan(spanNames.commandDecide, { traceparent: remote, attributes: { 'evenkeel.shard': 'order.east.3' } }, async () => {
    expect(currentTraceparent()).toMatch(new RegExp(`^00-a{32}-(?!b{16})[0-9a-f]{16}-01$`));
    throw new Error('no broker');
  });
  await expect(failing).rejects.toThrow('no broker');
  await telemetry.stop();
  expect(bodies.length).toBe(1);
  expect(bodies[0]).toMatch(/^\/v1\/traces /);
  for (const part of ['order-service', spanNames.commandDecide, 'a'.repeat(32), 'b'.repeat(16), 'order.east.3', 'no broker'])
    expect(bodies[0]).toContain(part);
});

it('a receiver that is away costs nothing but its spans', async () => {
  const telemetry = start('http://127.0.0.1:9');
  expect(await withSpan(spanNames.commitAppend, {}, () => Promise.resolve(7))).toBe(7);
  await telemetry.stop();
});

it('metrics render as Prometheus reads them, bounded in labels', () => {
  const metrics = new MetricsRegistry();
  const requests = metrics.counter(metricNames.httpRequests);
  requests.add({ route: '/a"b' });
  requests.add({ route: '/a"b' }, 2);
  metrics.gauge(metricNames.shardsOpen).observe(() => [{ labels: {}, value: 4 }]);
  const durations = metrics.histogram(metricNames.httpDuration);
  durations.observe(0.02);
  durations.observe(99);
  const text = metrics.render();
  expect(text).toContain('evenkeel_http_requests_total{route="/a\\"b"} 3');
  expect(text).toContain('evenkeel_shards_open 4');
  expect(text).toContain('evenkeel_http_request_duration_seconds_bucket{le="0.025"} 1');
  expect(text).toContain('evenkeel_http_request_duration_seconds_bucket{le="+Inf"} 2');
  for (let i = 0; i < 1_000; i++) requests.add({ route: `/${i}` });
  expect(metrics.render().split('\n').length).toBeLessThan(600);
  expect(metrics.render()).toContain('{overflow="true"} 501');
  expect(() => metrics.gauge(metricNames.httpRequests)).toThrow('another kind');
});
