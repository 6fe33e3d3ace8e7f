import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { commandId, region, sku, topologySchema, type CommandEnvelope, type ShardId } from '#contracts';
import { HttpCommandOffers } from './http-command-offers.ts';

const [east, west] = [region('east'), region('west')];
const shard: ShardId = 'order.east.0';
const envelope: CommandEnvelope = {
  commandId: commandId('c-1'),
  shard,
  correlation: 'o',
  traceparent: '',
  reply: false,
  command: { type: 'ConfirmOrder' },
};
interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
};

async function service(status: number, answer: unknown, asked: Asked[] = []): Promise<string> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      asked.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(body) });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function offersTo(orderUrls: readonly string[], here = east): HttpCommandOffers {
  const url = orderUrls[0]!;
  const urls = { order: orderUrls, inventory: orderUrls, payment: orderUrls };
  const place = {
    kafka: { brokers: ['127.0.0.1:1'] },
    postgres: 'postgres://127.0.0.1:1',
    etcd: [url],
    services: { storefront: orderUrls, agent: orderUrls, ...urls },
    peers: { west: urls },
  };
  const topology = topologySchema.parse({
    homes: [east, west],
    catalogue: east,
    partitions: 1,
    regions: { east: place, west: place },
    identity: { issuer: 'i', audience: 'a', jwksUrl: url },
    paymentProvider: { url },
  });
  return new HttpCommandOffers({ here, topology, token: async () => 'secret', timeoutMs: 20_000 });
}

const closed = 'http://127.0.0.1:1';

it('hands the envelope to the owner’s service with the token, and brings back what was decided', async () => {
  const asked: Asked[] = [];
  const offers = offersTo([await service(202, { outcome: 'done-before' }, asked)]);
  expect(await offers.offer(west, envelope)).toEqual({ kind: 'decided', outcome: 'done-before' });
  expect(asked).toEqual([{ url: '/internal/commands', authorization: 'Bearer secret', body: envelope }]);
  expect(await offers.offer(east, envelope)).toEqual({ kind: 'decided', outcome: 'done-before' });
});

it('goes to the next instance when one cannot be reached or has no time', async () => {
  const offers = offersTo([closed, await service(503, {}), await service(202, { outcome: 'accepted' })]);
  expect(await offers.offer(west, envelope)).toEqual({ kind: 'decided', outcome: 'accepted' });
});

it.each([
  [400, { kind: 'never' }],
  [401, { kind: 'again', answered: true }],
  [421, { kind: 'again', answered: false }],
  [500, { kind: 'again', answered: true }],
  [503, { kind: 'again', answered: false }],
  [504, { kind: 'again', answered: true }],
])('%i', async (status, expected) => {
  expect(await offersTo([await service(status, { title: 'x' })]).offer(west, envelope)).toMatchObject(expected);
});

it('an owner that is away, or that the topology does not name, is asked again', async () => {
  expect(await offersTo([closed]).offer(west, envelope)).toMatchObject({ kind: 'again', answered: false });
  expect(await offersTo([closed]).offer(region('north'), envelope)).toMatchObject({ kind: 'again', answered: false });
});

it('an answer that is none is no decision', async () => {
  expect(await offersTo([await service(202, { outcome: 'perhaps' })]).offer(west, envelope)).toMatchObject({ kind: 'again' });
});

it('looks products up at this region’s inventory-service', async () => {
  const asked: Asked[] = [];
  const price = { sku: 'tea', name: 'Tea', unitPriceMinor: 350, currency: 'GBP' };
  const offers = offersTo([closed, await service(200, { prices: [price] }, asked)]);
  expect([...(await offers.listed([sku('tea')]))]).toEqual([['tea', { name: 'Tea', unitPriceMinor: 350, currency: 'GBP' }]]);
  expect(asked[0]).toMatchObject({ url: '/internal/prices', body: { skus: ['tea'] } });
  await expect(offersTo([closed]).listed([sku('tea')])).rejects.toThrow();
});
