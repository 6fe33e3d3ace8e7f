import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { region, type OrderId, type Topology } from '#contracts';
import { readApi } from './api-reads.ts';

const east = region('east');
const orderId = 'ord_1' as OrderId;
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

async function reading(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const topology = { regions: { east: { services: { storefront: [`http://127.0.0.1:${port}`] } } } } as unknown as Topology;
  const { orders } = await readApi(topology, east, { orderIds: [orderId], skus: [], bearer: 'operator' });
  return orders.get(orderId);
}

it.each([408, 429, 503])('asks again after %i: it was no answer', async (status) => {
  let asked = 0;
  expect(await reading((_, response) => response.writeHead(++asked === 1 ? status : 404).end('{}'))).toEqual({
    kind: 'read',
    value: 'absent',
  });
  expect(asked).toBe(2);
});

it('says what it was answered when that is nothing it can read, and does not take it for absence', async () => {
  expect(await reading((_, response) => response.writeHead(403).end('{"code":"forbidden"}'))).toEqual({
    kind: 'unreadable',
    because: 'answered 403: {"code":"forbidden"}',
  });
});
