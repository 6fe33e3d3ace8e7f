import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drillClient, recordedOrder } from '../testing/sound-drill.fixture.ts';
import type { Attempt } from '../recording.ts';
import { plainClient, type PlainClientOptions } from './plain-client.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let answers: Handler[];
let keys: (string | undefined)[];
let sockets: Set<unknown>;

beforeEach(async () => {
  [answers, keys, sockets] = [[], [], new Set()];
  server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key'] as string);
    sockets.add(request.socket);
    (answers.shift() ?? placed)(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const order = recordedOrder(1, { client: drillClient(0, 'plain') });
const say =
  (status: number, body: object, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const placedAnswer = { orderId: order.orderId, status: 'pending', durability: 'global', homeRegion: 'east', consistencyToken: 'x' };
const placed = say(201, placedAnswer);
const hangs: Handler = () => undefined;
const problem = (status: number, code: string): object => ({ type: `https://example.test/${code}`, title: code, status, code });

async function place(overrides: Partial<PlainClientOptions> = {}) {
  const attempts: Attempt[] = [];
  const client = plainClient({
    resolve: () => Promise.resolve(['127.0.0.1']),
    chance: () => 0.5,
    hostname: 'shop.test',
    port: (server.address() as AddressInfo).port,
    tokenOf: () => 'token',
    nowMs: () => performance.now(),
    get attemptTimeoutMs() {
      return answers[0] === hangs ? 1_500 : 20_000; // a busy machine answers late: only what hangs for ever may run into it
    },
    pauseMs: 1,
    pauseMaxMs: 5,
    giveUpAfterMs: 30_000,
    ...overrides,
  });
  const { outcome } = await client(order, (attempt) => attempts.push(attempt));
  return { outcome, attempts: attempts.map((attempt) => attempt.outcome) };
}

describe('a plain client', () => {
  it('asks again with the same key, over a new connection, until the answer is clear', async () => {
    answers = [
      say(503, problem(503, 'unavailable'), { 'retry-after': '0' }),
      (request) => request.socket.resetAndDestroy(),
      hangs,
      say(504, problem(504, 'outcome-unknown')),
      say(200, { not: 'what the API answers' }),
    ];
    const { outcome, attempts } = await place();
    expect(outcome).toEqual({ kind: 'acknowledged', durability: 'global' });
    expect(attempts.map((attempt) => (attempt.kind === 'answered' ? attempt.status : attempt.kind))).toEqual([
      503,
      'no-connection',
      'timeout',
      504,
      200,
      201,
    ]);
    expect(new Set(keys)).toEqual(new Set([order.key]));
    expect(sockets.size).toBe(6);
  });

  it('takes a clear no for an answer', async () => {
    answers = [say(422, problem(422, 'idempotency-key-reused'))];
    expect((await place()).outcome).toEqual({ kind: 'refused', status: 422, code: 'idempotency-key-reused' });
  });

  it('says unknown, not failed, when nobody answered in time', async () => {
    answers = Array.from({ length: 100 }, () => hangs);
    const { outcome, attempts } = await place({ giveUpAfterMs: 300, attemptTimeoutMs: 100 });
    expect(outcome.kind).toBe('unknown');
    expect(attempts.every(({ kind }) => kind === 'timeout')).toBe(true);
  });

  it('resolves anew for every attempt, and goes on when DNS has no answer', async () => {
    const resolutions = [() => Promise.reject(new Error('SERVFAIL')), () => Promise.resolve([]), () => Promise.resolve(['127.0.0.1'])];
    const { outcome, attempts } = await place({ resolve: () => resolutions.shift()!() });
    expect(outcome.kind).toBe('acknowledged');
    expect(attempts.map(({ kind }) => kind)).toEqual(['no-connection', 'no-connection', 'answered']);
  });
});
