import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { postJson } from './post-json.ts';

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

/** @returns a function that posts to a server which answers so */
async function postTo(answer: RequestListener) {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
  return (body: string, timeoutMs = 5_000) => postJson({ url, headers: { 'idempotency-key': 'k' }, body, timeoutMs, answerBytesMax: 100 });
}

it('sends a body and its headers whole, and reads the answer whatever its status', async () => {
  const post = await postTo((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'content-type': type, 'content-length': length, 'idempotency-key': key } = request.headers;
      response.writeHead(307, { location: '/elsewhere' });
      response.end(JSON.stringify([request.method, type, length, key, Buffer.concat(chunks).toString()]));
    });
  });
  const { status, text } = await post('"é"');
  expect([status, JSON.parse(text)]).toEqual([307, ['POST', 'application/json', '4', 'k', '"é"']]);
});

it('puts letters together that come in two pieces', async () => {
  const e = Buffer.from('é');
  const post = await postTo((_request, response) => {
    response.write(e.subarray(0, 1));
    setImmediate(() => response.end(e.subarray(1)));
  });
  expect((await post('1')).text).toBe('é');
});

it('keeps its connection', async () => {
  const ports = new Set<number | undefined>();
  const post = await postTo((request, response) => {
    ports.add(request.socket.remotePort);
    response.end();
  });
  for (const body of ['1', '2', '3']) await post(body);
  expect(ports.size).toBe(1);
});

it.each<[string, RequestListener, RegExp]>([
  ['an answer that is too long', (_request, response) => response.end('x'.repeat(101)), /longer than 100 bytes/],
  [
    'an answer that breaks off',
    (_request, response) => response.writeHead(200, { 'content-length': 50 }).write('x', () => response.destroy()),
    /aborted/,
  ],
  ['no answer', (request) => request.socket.destroy(), /socket hang up|ECONNRESET/],
  ['a head, and then nothing', (_request, response) => response.writeHead(200).flushHeaders(), /timeout/],
  ['silence', () => undefined, /timeout/],
])('%s is an error', async (_what, answer, message) => {
  const post = await postTo(answer);
  await expect(post('1', message.source === 'timeout' ? 500 : 20_000)).rejects.toThrow(message);
});
