import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Region } from '#contracts';
import {
  eventually,
  eventuallyHolds,
  scrape,
  Shop,
  startOtlpReceiver,
  sumOf,
  type Customer,
  type OtlpReceiver,
  type ReceivedSpan,
  type Sample,
  type WholeSystem,
} from '#test-kit';
import { attributeNames, linksMax, metricNames, spanNames } from '#telemetry';
import { otlpReceiverAt, sharedSystem, systemStartTimeoutMs } from './shared.system.ts';

let system: WholeSystem;
let shop: Shop;
let receiver: OtlpReceiver;
let sku: string;

beforeAll(async () => {
  receiver = await startOtlpReceiver(otlpReceiverAt);
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'telemetry');
  sku = shop.name('tea');
  await shop.stock([{ sku, unitPriceMinor: 895, units: Object.fromEntries(shop.regions.map((region) => [region, 50])) }]);
}, systemStartTimeoutMs);
afterAll(() => receiver.stop());

const arrives = { withinMs: 120_000, everyMs: 200 };
const place = (customer: Customer, key: string, headers: Readonly<Record<string, string>> = {}) =>
  shop.placeConfirmed({ customer, via: shop.other(customer.home), lines: [{ sku, quantity: 2 }], key: shop.name(key), headers });

/** Samples of every process of one kind, by the name of its part. */
async function samplesOf(kind: string): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const { parts } = await system.status();
  const asked = parts.filter(({ name, url }) => name.includes(`.${kind}`) && url !== undefined);
  return new Map(await Promise.all(asked.map(async ({ name, url }) => [name, await scrape(url!)] as const)));
}
const all = async (kind: string): Promise<readonly Sample[]> => [...(await samplesOf(kind)).values()].flat();

describe("an order's trace", () => {
  const traceId = randomBytes(16).toString('hex');
  const clientSpanId = randomBytes(8).toString('hex');
  let home: Region;
  let edge: Region;
  let spans: readonly ReceivedSpan[];
  let batches: readonly ReceivedSpan[];

  const told = ({ region, service, kind, name }: ReceivedSpan): string => `${region} ${service}: ${kind} ${name}`;
  const batchesOf = (region: Region): readonly string[] => [
    ...['order', 'inventory', 'payment'].map((service) => `${region} ${service}-projector: consumer ${spanNames.process(service)}`),
    `${region} order-service: consumer ${spanNames.process('checkout')}`,
    `${region} payment-service: consumer ${spanNames.process('intents')}`,
  ];
  const isConfirmation = ({ name, attributes }: ReceivedSpan): boolean =>
    name === spanNames.send('order.events') && attributes[attributeNames.commandType] === 'ConfirmOrder';

  /** Spans come as they end, from many processes: a trace is whole when what it must have is there, and everything that follows from it. */
  beforeAll(async () => {
    const customer = await shop.customerOf(shop.regions[1]!);
    [home, edge] = [customer.home, shop.other(customer.home)];
    await place(customer, 'traced', { traceparent: `00-${traceId}-${clientSpanId}-01` });
    await eventually(() => {
      spans = receiver.spans.filter((span) => span.traceId === traceId);
      batches = receiver.spans.filter(({ links }) => links.some((link) => link.traceId === traceId));
      const [ids, readers] = [new Set([clientSpanId, ...spans.map(({ spanId }) => spanId)]), new Set(batches.map(told))];
      const orphans = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)).map(told);
      const missing = shop.regions.flatMap(batchesOf).filter((batch) => !readers.has(batch));
      if (spans.some(isConfirmation) && orphans.length + missing.length === 0) return Promise.resolve(true);
      throw new Error(`of ${spans.length} spans without a parent: ${orphans.join(', ')}; batches without a link: ${missing.join(', ')}`);
    }, arrives);
  });

  it('is one, and begins with what the client asked of the edge', () => {
    const firsts = spans.filter(({ parentSpanId }) => parentSpanId === clientSpanId).map(told);
    expect(new Set(firsts)).toEqual(new Set([`${edge} storefront-api: server POST /v1/*`]));
  });

  it('leads from the confirmation back to the client, through every service', () => {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const chain: string[] = [];
    for (let span = spans.find(isConfirmation); span !== undefined; span = byId.get(span.parentSpanId)) chain.unshift(told(span));
    expect(chain).toEqual([
      `${edge} storefront-api: server POST /v1/*`,
      `${edge} storefront-api: client POST`,
      `${home} order-service: server POST /v1/orders`,
      `${home} order-service: internal ${spanNames.commandDecide}`,
      `${home} order-service: producer send order.events`,
      `${home} order-service: producer send inventory.commands`,
      `${home} inventory-service: producer send inventory.events`,
      `${home} order-service: producer send payment.commands`,
      `${home} payment-service: producer send payment.events`,
      `${home} payment-service: producer send payment.commands`,
      `${home} payment-service: producer send payment.events`,
      `${home} order-service: producer send order.commands`,
      `${home} order-service: producer send order.events`,
    ]);
  });

  it('has the call to the provider, whose request names what it asked', () => {
    const call = spans.find(({ name }) => name === spanNames.providerCall);
    expect(call?.attributes).toMatchObject({ [attributeNames.providerCall]: 'authorize' });
    const cause = spans.find(({ spanId }) => spanId === call?.parentSpanId);
    expect(cause).toMatchObject({ service: 'payment-service', region: home, name: spanNames.send('payment.events') });
    expect(cause?.attributes).toMatchObject({ [attributeNames.commandType]: 'AuthorizePayment' });
    const request = spans.find(({ parentSpanId }) => parentSpanId === call?.spanId);
    expect(request).toMatchObject({ kind: 'client', name: spanNames.httpClient('POST') });
    expect(request?.attributes).toMatchObject({ [attributeNames.httpMethod]: 'POST', [attributeNames.httpStatus]: 200 });
    expect(String(request?.attributes[attributeNames.urlFull])).toMatch(/^http:.*\/v1\/authorizations$/);
  });

  it('is linked from the batches of every projector and process manager, in both regions', () => {
    for (const region of shop.regions) expect(batches.map(told)).toEqual(expect.arrayContaining([...batchesOf(region)]));
    for (const batch of batches) {
      expect(batch.links.length).toBeLessThanOrEqual(linksMax);
      expect(batch.parentSpanId).toBe('');
      expect(batch.attributes).toMatchObject({ [attributeNames.messagingSystem]: 'kafka', [attributeNames.messagingOperation]: 'process' });
      const transaction = receiver.spans.find(({ parentSpanId }) => parentSpanId === batch.spanId);
      expect(transaction, `transaction of ${told(batch)}`).toMatchObject({
        kind: 'client',
        attributes: { [attributeNames.dbSystem]: 'postgresql' },
      });
    }
  });

  it('speaks of requests and records as others do', () => {
    for (const span of spans.filter(({ kind }) => kind === 'server'))
      expect(span.attributes).toMatchObject({
        [attributeNames.httpMethod]: expect.stringMatching(/^(GET|POST)$/),
        [attributeNames.httpRoute]: expect.stringMatching(/^\//),
        [attributeNames.httpStatus]: expect.any(Number),
      });
    for (const span of spans.filter(({ kind }) => kind === 'producer'))
      expect(span.attributes).toMatchObject({
        [attributeNames.messagingSystem]: 'kafka',
        [attributeNames.messagingOperation]: 'send',
        [attributeNames.messagingDestination]: span.name.replace('send ', ''),
        [attributeNames.messagingPartition]: expect.stringMatching(/^\d+$/),
      });
  });
});

describe('the metrics', () => {
  it('count an order once in both regions together: placed, confirmed, settled', async () => {
    const orders = async (outcome: string): Promise<number> => sumOf(await all('order-service'), metricNames.orders, { outcome });
    const timed = async (): Promise<number> => sumOf(await all('order-service'), `${metricNames.confirmDuration}_count`);
    const before = [await orders('placed'), await orders('confirmed'), await timed()];
    await place(await shop.customerOf(shop.regions[0]!), 'counted');
    await eventuallyHolds(
      async () => expect([await orders('placed'), await orders('confirmed'), await timed()]).toEqual(before.map((count) => count + 1)),
      arrives,
    );
    for (const service of ['order', 'inventory', 'payment']) {
      const labels = { service };
      await eventuallyHolds(async () => {
        const samples = await all(`${service}-service`);
        expect(samples.filter(({ name }) => name === metricNames.unsettledCommits).map(({ value }) => value)).toEqual([0, 0]);
        expect(sumOf(samples, metricNames.oldestUnsettledAge, labels)).toBe(0);
        const settled = sumOf(samples, `${metricNames.settleDuration}_count`, labels);
        expect(settled).toBeGreaterThan(0);
        expect(sumOf(samples, metricNames.commitsAppended, labels)).toBeGreaterThanOrEqual(settled);
        expect(sumOf(samples, `${metricNames.appendDuration}_count`, labels)).toBeGreaterThan(0);
      }, arrives);
    }
    expect(sumOf(await all('payment-service'), metricNames.providerCalls, { kind: 'authorize', outcome: 'approved' })).toBeGreaterThan(0);
  });

  it('show how the regions stand, and that each mirrors the other', async () => {
    await eventuallyHolds(async () => {
      for (const region of shop.regions) {
        const { parts } = await system.status();
        const urls = parts.filter(({ name }) => name.startsWith(`${region}.region-agent`)).map(({ url }) => url!);
        const agents = await Promise.all(urls.map((url) => scrape(url)));
        expect(agents).toHaveLength(2);
        for (const samples of agents) {
          const one = (name: string, labels = {}) => sumOf(samples, name, labels);
          expect(one(metricNames.regionTerm)).toBeGreaterThanOrEqual(1);
          expect([one(metricNames.regionMode, { mode: 'paired' }), one(metricNames.regionMode)]).toEqual([1, 1]);
          expect(samples.filter(({ name }) => name === metricNames.regionMode)).toHaveLength(4);
          expect(one(metricNames.regionServing)).toBe(1);
          expect(one(metricNames.otherRegionAlive, { region: shop.other(region) })).toBe(1);
        }
        const leaders = agents.filter((samples) => sumOf(samples, metricNames.regionLeading) === 1);
        expect(leaders).toHaveLength(1);
        const lags = agents.flat().filter(({ name }) => name === metricNames.replicationLag);
        expect(lags.map(({ labels }) => labels)).toEqual([{ origin: shop.other(region) }]);
        expect(lags[0]!.value).toBeLessThan(10);
      }
    }, arrives);
  });

  it('show of every projector that one leads, what it stored, and how far it is behind', async () => {
    await eventuallyHolds(async () => {
      for (const service of ['order', 'inventory', 'payment']) {
        const projector = { projector: service };
        for (const [name, samples] of await samplesOf(`${service}-projector`)) {
          expect(sumOf(samples, metricNames.projectorLeading, projector), `of ${name}`).toBe(1);
          expect(sumOf(samples, metricNames.projectedCommits, projector), `of ${name}`).toBeGreaterThan(0);
          for (const gauge of [metricNames.projectionLag, metricNames.parkedRecords])
            expect(
              samples.filter((sample) => sample.name === gauge).map(({ labels }) => labels),
              `${gauge} of ${name}`,
            ).toEqual([projector]);
        }
      }
    }, arrives);
  });

  it('are served by every process, with its CPU time and memory, and go out by OTLP too', async () => {
    const kinds = ['storefront-api', 'order-service', 'inventory-service', 'payment-service', 'region-agent'];
    const projectors = ['order-projector', 'inventory-projector', 'payment-projector'];
    for (const kind of [...kinds, ...projectors]) {
      const processes = await samplesOf(kind);
      expect(processes.size, `processes of ${kind}`).toBeGreaterThanOrEqual(2);
      for (const [name, samples] of processes)
        for (const metric of [metricNames.processCpu, metricNames.processMemory])
          expect(sumOf(samples, metric), `${metric} of ${name}`).toBeGreaterThan(0);
    }
    await eventuallyHolds(async () => {
      for (const kind of [...kinds, ...projectors]) expect(receiver.metrics.get(kind), `sent by ${kind}`).toContain(metricNames.processCpu);
      expect(receiver.metrics.get('order-service')).toContain(metricNames.orders);
      return Promise.resolve();
    }, arrives);
  });
});
