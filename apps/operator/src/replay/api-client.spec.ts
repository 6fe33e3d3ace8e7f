import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from './api-client.ts';

let servers: Server[] = [];
let clients: ApiClient[] = [];
afterEach(() => {
  for (const client of clients) client.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  [servers, clients] = [[], []];
});

async function serve(
  answer: (attempt: number, response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ url: string; keys: string[] }> {
  const keys: string[] = [];
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      keys.push(String(request.headers['idempotency-key']));
      answer(keys.length, response, request);
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
}
function clientOf(giveUpAfterMs = 10_000): ApiClient {
  const client = new ApiClient({
    token: () => Promise.resolve('t'),
    connectionsMax: 4,
    giveUpAfterMs,
    firstPauseMs: 5,
    signal: new AbortController().signal,
    onRetry: () => undefined,
  });
  clients.push(client);
  return client;
}
const what = { path: '/v1/x', idempotencyKey: 'k', body: {}, timeoutMs: 10_000 };
const json = (response: ServerResponse, status: number, body: object): unknown => response.writeHead(status).end(JSON.stringify(body));

describe('a request without a clear answer is repeated under the same key', () => {
  it.each<[string, (response: ServerResponse, request: IncomingMessage) => unknown]>([
    ['503', (response) => json(response, 503, { code: 'unavailable' })],
    ['429', (response) => json(response, 429, { code: 'too-many-requests' })],
    ['a reset', (_response, request) => request.socket.resetAndDestroy()],
    ['half an answer', (response) => response.writeHead(200, { 'content-length': '100' }).write('{') && response.socket?.destroySoon()],
    ['a sku that this region does not know yet', (response) => json(response, 422, { code: 'unknown-sku' })],
  ])('%s', async (_name, fail) => {
    const { url, keys } = await serve((attempt, response, request) =>
      attempt < 3 ? fail(response, request) : json(response, 200, { ok: true }),
    );
    expect(await clientOf().post([url], what)).toEqual({ status: 200, body: '{"ok":true}' });
    expect(keys).toEqual(['k', 'k', 'k']);
  });

  it('silence', async () => {
    const { url, keys } = await serve((attempt, response) => (attempt < 3 ? undefined : json(response, 200, { ok: true })));
    const impatient = {
      ...what,
      get timeoutMs() {
        return keys.length < 2 ? 1_000 : 20_000; // what answers may take its time
      },
    };
    expect(await clientOf().post([url], impatient)).toEqual({ status: 200, body: '{"ok":true}' });
    expect(keys).toEqual(['k', 'k', 'k']);
  });

  it('at the other storefront when the first is gone', async () => {
    const { url, keys } = await serve((_attempt, response) => json(response, 200, {}));
    expect((await clientOf().post(['http://127.0.0.1:9', url], what)).status).toBe(200);
    expect(keys).toEqual(['k']);
  });

  it('until it is time to give up', async () => {
    const { url } = await serve((_attempt, response) => json(response, 500, { code: 'internal' }));
    await expect(clientOf(500).post([url], what)).rejects.toThrow('got no clear answer');
  });
});

it('a refusal is final', async () => {
  const { url, keys } = await serve((_attempt, response) => json(response, 422, { code: 'idempotency-key-reused' }));
  await expect(clientOf().post([url], what)).rejects.toThrow('422 idempotency-key-reused');
  expect(keys).toHaveLength(1);
});
