import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { customerId, orderId } from '#contracts';
import { HttpPaymentProvider } from './http-payment-provider.ts';
import { ProviderUnknownError } from './payment-provider.port.ts';

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

const call = {
  kind: 'authorize',
  idempotencyKey: 'k',
  orderId: orderId(`ord_${'a'.repeat(26)}`),
  customerId: customerId('c1'),
  amountMinor: 100,
  currency: 'GBP',
} as const;

async function answering(chunks: () => Generator<string>): Promise<{ provider: HttpPaymentProvider; sent: () => number }> {
  let sent = 0;
  server = createServer((_request, response) => {
    const all = chunks();
    const write = (): void => {
      for (let next = all.next(); !response.destroyed; next = all.next()) {
        if (next.done === true) return void response.end();
        sent += next.value.length;
        if (!response.write(next.value)) return void response.once('drain', write);
      }
    };
    write();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { provider: new HttpPaymentProvider({ url, timeoutMs: 10_000 }), sent: () => sent };
}

it('reads an outcome that comes in pieces', async () => {
  const { provider } = await answering(function* () {
    yield '{"outcome":"appr';
    yield 'oved","id":"pé"}';
  });
  expect(await provider.authorize(call)).toEqual({ outcome: 'approved', providerId: 'pé' });
});

it('reads no more of an endless answer than an outcome can be, and knows no outcome then', async () => {
  const { provider, sent } = await answering(function* () {
    for (let mib = 0; mib < 256; mib++) yield ' '.repeat(1024 * 1024);
  });
  await expect(provider.authorize(call)).rejects.toThrow(ProviderUnknownError);
  expect(sent()).toBeLessThan(64 * 1024 * 1024);
});
