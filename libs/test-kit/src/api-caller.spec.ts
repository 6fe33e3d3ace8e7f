import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answered, askApi, askApiUntilAnswered, problemOf } from './api-caller.ts';

type Reply = (response: ServerResponse) => void;
const json =
  (status: number, body: unknown, type = 'application/json'): Reply =>
  (response) =>
    void response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
const problem = (status: number, code: string): Reply =>
  json(status, { type: `https://evenkeel.dev/problems/${code}`, title: code, status, code }, 'application/problem+json');

let server: Server;
let url: string;
let replies: Reply[];
let keys: (string | string[] | undefined)[];

beforeEach(async () => {
  [replies, keys] = [[], []];
  server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']);
    (replies.shift() ?? json(200, { done: true }))(response);
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

const done = z.object({ done: z.boolean() });
const request = { method: 'POST', path: '/', key: 'k', body: {} } as const;

describe('a client that does not believe silence', () => {
  it('asks again under the same key until somebody knows', async () => {
    replies = [problem(503, 'unavailable'), (response) => void response.destroy(), problem(504, 'outcome-unknown')];
    expect(answered(await askApiUntilAnswered([url], request, 5_000), 200, done)).toEqual({ done: true });
    expect(keys).toEqual(['k', 'k', 'k', 'k']);
  });
  it('takes a refusal for an answer', async () => {
    replies = [problem(422, 'unknown-sku')];
    expect(problemOf(await askApiUntilAnswered([url], request, 5_000), 'unknown-sku').status).toBe(422);
    expect(keys).toHaveLength(1);
  });
});

describe('what a test asked for and did not get', () => {
  it.each([
    { what: 'another status', reply: json(201, { done: true }) },
    { what: 'another shape', reply: json(200, { done: 'yes' }) },
  ])('$what is no answer', async ({ reply }) => {
    replies = [reply];
    const response = await askApi(url, request);
    expect(() => answered(response, 200, done)).toThrow(/expected/);
  });
  it.each([
    { what: 'another code', reply: problem(400, 'malformed-json') },
    { what: 'plain JSON', reply: json(400, { code: 'invalid-request' }) },
    {
      what: 'a status that is not its own',
      reply: json(400, { type: 'https://x.dev/y', title: 'x', status: 422, code: 'invalid-request' }, 'application/problem+json'),
    },
  ])('$what is no such problem', async ({ reply }) => {
    replies = [reply];
    const response = await askApi(url, request);
    expect(() => problemOf(response, 'invalid-request')).toThrow(/expected a problem invalid-request/);
  });
});
