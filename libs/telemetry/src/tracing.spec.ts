import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import {
  attributeNames,
  currentTraceId,
  currentTraceparent,
  linksMax,
  metricNames,
  metrics,
  openBatchSpan,
  openSpan,
  spanNames,
  SpanKind,
  startTelemetry,
  withSpan,
} from './index.ts';
import { context, propagation, trace } from '@opentelemetry/api';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  trace.disable();
  context.disable();
  propagation.disable();
});
const start = (otlpUrl: string | undefined, traceRatio = 1) => {
  const otlp = otlpUrl === undefined ? undefined : { otlpUrl, traceRatio };
  const telemetry = startTelemetry({ service: 'order-service', region: 'east', instance: 1, otlp });
  stops.push(() => telemetry.stop());
  return telemetry;
};

const remote = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

it('a trace goes on from its remote parent, exported or not', async () => {
  start(undefined);
  await withSpan(spanNames.commandDecide, { traceparent: remote }, async () => {
    await Promise.resolve();
    expect(currentTraceparent()).toBe(remote);
    await withSpan(spanNames.commandQueue, {}, async () => expect(currentTraceId()).toBe('a'.repeat(32)));
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

/** What a receiver of OTLP as JSON was sent, by path. */
async function receiver(): Promise<{ readonly url: string; readonly bodies: readonly { path: string; body: string }[] }> {
  const bodies: { path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      bodies.push({ path: request.url!, body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies };
}

it('spans reach an OTLP receiver, with service, parent and failure', async () => {
  const { url, bodies } = await receiver();
  const telemetry = start(url);
  const failing = withSpan(spanNames.commandDecide, { traceparent: remote, attributes: { 'evenkeel.shard': 'order.east.3' } }, async () => {
    expect(currentTraceparent()).toMatch(new RegExp(`^00-a{32}-(?!b{16})[0-9a-f]{16}-01$`));
    throw new Error('no broker');
  });
  await expect(failing).rejects.toThrow('no broker');
  await telemetry.stop();
  const traces = bodies.filter(({ path }) => path === '/v1/traces');
  expect(traces.length).toBe(1);
  for (const part of ['order-service', spanNames.commandDecide, 'a'.repeat(32), 'b'.repeat(16), 'order.east.3', 'no broker'])
    expect(traces[0]!.body).toContain(part);
});

interface Sent {
  readonly resourceSpans: { readonly scopeSpans: { readonly spans: SentSpan[] }[] }[];
}
interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly links?: { readonly traceId: string }[];
  readonly attributes: { readonly key: string; readonly value: { readonly intValue?: number | string } }[];
}

it('a batch has one span, linked to the sampled traces of its records, and to so many at most', async () => {
  const { url, bodies } = await receiver();
  const telemetry = start(url);
  const traceparent = (trace: number, sampled = true): string =>
    `00-${trace.toString(16).padStart(32, '0')}-${'c'.repeat(16)}-0${Number(sampled)}`;
  const read = [
    ...Array.from({ length: 40 }, (_, index) => traceparent(index + 1)),
    traceparent(1),
    traceparent(99, false),
    '',
    'nonsense',
  ];
  openBatchSpan(spanNames.process('order'), { traceparents: () => read }).end();
  await telemetry.stop();
  const sent = JSON.parse(bodies.find(({ path }) => path === '/v1/traces')!.body) as Sent;
  const [span, ...others] = sent.resourceSpans[0]!.scopeSpans[0]!.spans;
  expect(others).toEqual([]);
  expect(span!.links?.length).toBe(linksMax);
  expect(new Set(span!.links?.map(({ traceId }) => traceId)).size).toBe(linksMax);
  expect(span!.parentSpanId ?? '').toBe('');
  expect(Number(span!.attributes.find(({ key }) => key === attributeNames.tracesInBatch)?.value.intValue)).toBe(40);
});

it('of the traces that begin here only a share is recorded; of those that others sample, everything, batches too', async () => {
  const { url, bodies } = await receiver();
  const telemetry = start(url, 0);
  await withSpan(spanNames.commandDecide, {}, async () => expect(currentTraceparent()).toMatch(/-00$/));
  openBatchSpan(spanNames.process('unsampled'), { traceparents: () => [remote.replace(/01$/, '00')] }).end();
  await withSpan(spanNames.commandQueue, { traceparent: remote }, () => Promise.resolve());
  openBatchSpan(spanNames.process('sampled'), { traceparents: () => [remote] }).end();
  await telemetry.stop();
  const sent = JSON.parse(bodies.find(({ path }) => path === '/v1/traces')!.body) as Sent;
  expect(sent.resourceSpans[0]!.scopeSpans[0]!.spans.map(({ name }) => name)).toEqual([
    spanNames.commandQueue,
    spanNames.process('sampled'),
  ]);
});

it('who sends nothing reads no traces of a batch, and passes a trace on as it came', () => {
  start(undefined);
  const untouched = (): string[] => {
    throw new Error('nobody asked');
  };
  openBatchSpan(spanNames.process('order'), { traceparents: untouched }).end();
  expect(openSpan(spanNames.send('order.events'), { traceparent: remote, kind: SpanKind.PRODUCER }).traceparent).toBe(remote);
});

it('metrics reach the receiver too, under the names that Prometheus sees', async () => {
  const { url, bodies } = await receiver();
  const telemetry = start(url);
  metrics.counter(metricNames.commitsAppended).add({ service: 'order' }, 3);
  await telemetry.stop();
  const sent = bodies.filter(({ path }) => path === '/v1/metrics').map(({ body }) => body);
  expect(sent.length).toBe(1);
  for (const part of ['order-service', metricNames.commitsAppended, metricNames.processCpu, '"asDouble":3'])
    expect(sent[0]).toContain(part);
});

it('a receiver that is away costs nothing but its spans', async () => {
  const telemetry = start('http://127.0.0.1:9');
  expect(await withSpan(spanNames.commandQueue, {}, () => Promise.resolve(7))).toBe(7);
  await telemetry.stop();
});
