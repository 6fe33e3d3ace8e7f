import { connect } from 'node:net';
import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Problem, skuSchema } from '#contracts';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CallerParam, Public, RequireRole } from './caller.guard.ts';
import { HealthRegistry } from './health.ts';
import type { Caller, CallerVerifier } from './identity.ts';
import { problem } from './problem.ts';
import { ConsistencyToken, IdempotencyKey, Prefer, type Preferences } from './request-headers.ts';
import { createServiceApp, listenOn } from './service-app.ts';
import { ZodBody, ZodParam, ZodQuery } from './validation.ts';

const bodySchema = z.strictObject({ lines: z.array(z.strictObject({ sku: skuSchema, quantity: z.int().min(1) })).max(3) });

@Controller('v1/things')
class ThingsController {
  @Post()
  create(@ZodBody(bodySchema) body: z.infer<typeof bodySchema>, @IdempotencyKey() key: string, @Prefer() prefer: Preferences): unknown {
    return { lines: body.lines.length, key, prefer };
  }
  @Get('mine')
  mine(@CallerParam() caller: Caller, @ConsistencyToken() seen: object): unknown {
    return { customer: caller.customerId, seen };
  }
  @Get('boom')
  @Public()
  boom(): never {
    throw new Error('the password is hunter2');
  }
  @Get('open/:sku')
  @Public()
  open(
    @ZodParam('sku', skuSchema) sku: string,
    @ZodQuery(z.object({ limit: z.coerce.number().int().max(10).default(5) })) query: { limit: number },
  ): unknown {
    return { sku, limit: query.limit };
  }
  @Post('operate')
  @RequireRole('operator')
  operate(): unknown {
    return {};
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const verifier: CallerVerifier = {
  verify: (authorization) =>
    authorization === 'Bearer alice'
      ? Promise.resolve({ subject: 'alice', customerId: 'alice' as never, roles: new Set<string>() })
      : Promise.reject(problem('unauthenticated', { headers: { 'www-authenticate': 'Bearer' } })),
};

let app: NestFastifyApplication;
const health = new HealthRegistry();

beforeAll(async () => {
  app = await createServiceApp(ThingsModule, { log: pino({ level: 'silent' }), health, verifier, bodyLimitBytes: 1_000 });
});
afterAll(() => app.close());

const authorization = { authorization: 'Bearer alice' };
const post = (payload: string | object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: '/v1/things', payload, headers: { ...authorization, 'idempotency-key': 'k1', ...headers } });

describe('every error is a problem', () => {
  const json = { 'content-type': 'application/json' };
  it.each([
    ['malformed JSON', () => post('{"lines":', json), 400, 'malformed-json', undefined],
    ['an empty body', () => post('', json), 400, 'malformed-json', undefined],
    ['a poisoned prototype', () => post('{"__proto__":{}}', json), 400, 'malformed-json', undefined],
    ['a body of another type', () => post('hello', { 'content-type': 'text/plain' }), 415, 'unsupported-media-type', undefined],
    ['an oversize body', () => post({ lines: 'x'.repeat(2_000) }), 413, 'body-too-large', undefined],
    [
      'no body',
      () => app.inject({ method: 'POST', url: '/v1/things', headers: { ...authorization, 'idempotency-key': 'k' } }),
      400,
      'invalid-request',
      'body',
    ],
    ['a wrong type', () => post({ lines: 'many' }), 400, 'invalid-request', 'lines'],
    [
      'a wrong quantity',
      () =>
        post({
          lines: [
            { sku: 'A', quantity: 1 },
            { sku: 'B', quantity: 0 },
          ],
        }),
      400,
      'invalid-request',
      'lines[1].quantity',
    ],
    ['an unknown field', () => post({ lines: [{ sku: 'A', quantity: 1, price: 1 }] }), 400, 'invalid-request', 'lines[0].price'],
    [
      'too many lines',
      () => post({ lines: Array.from({ length: 4 }, () => ({ sku: 'A', quantity: 1 })) }),
      400,
      'invalid-request',
      'lines',
    ],
    ['no idempotency key', () => post({ lines: [] }, { 'idempotency-key': '' }), 400, 'idempotency-key-required', 'Idempotency-Key'],
    ['a blank in the key', () => post({ lines: [] }, { 'idempotency-key': 'a b' }), 400, 'invalid-request', 'Idempotency-Key'],
    ['a huge wait', () => post({ lines: [] }, { prefer: 'wait=61' }), 400, 'invalid-request', 'Prefer'],
    ['no token', () => post({ lines: [] }, { authorization: '' }), 401, 'unauthenticated', undefined],
    ['an unknown route', () => app.inject('/v1/nothing'), 404, 'not-found', undefined],
    ['a broken URL', () => app.inject('/v1/things/%zz'), 400, 'malformed-request', undefined],
    ['a wrong path parameter', () => app.inject('/v1/things/open/%20'), 400, 'invalid-request', 'sku'],
    ['a wrong query', () => app.inject('/v1/things/open/A?limit=11'), 400, 'invalid-request', 'limit'],
    [
      'a missing role',
      () => app.inject({ method: 'POST', url: '/v1/things/operate', headers: authorization }),
      403,
      'forbidden',
      undefined,
    ],
    [
      'a consistency token not ours',
      () => app.inject({ url: '/v1/things/mine', headers: { ...authorization, 'evenkeel-consistency-token': 'x' } }),
      400,
      'invalid-request',
      'Evenkeel-Consistency-Token',
    ],
  ])('%s', async (_name, send, status, code, field) => {
    const answer = await send();
    const body = answer.json<Problem>();
    expect({ status: answer.statusCode, code: body.code }).toEqual({ status, code });
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toMatchObject({ type: `https://evenkeel.dev/problems/${code}`, status });
    expect(body.errors?.[0]?.field).toBe(field);
  });

  it('a fault tells its trace and nothing of its inside', async () => {
    const answer = await app.inject({ url: '/v1/things/boom', headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'internal', instance: '/v1/things/boom', traceId: 'a'.repeat(32) });
    expect(answer.body).not.toContain('hunter2');
  });

  it('what is not HTTP at all is answered too', async () => {
    const stop = await listenOn(app, { host: '127.0.0.1', port: 0 });
    const { port } = app.getHttpServer().address() as { port: number };
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let received = '';
      socket
        .on('data', (chunk) => (received += chunk.toString()))
        .on('end', () => resolve(received))
        .on('error', reject);
    });
    expect(text).toContain('HTTP/1.1 400');
    expect(text).toContain('malformed-request');
    expect(stop).toBeTypeOf('function');
  });
});

describe('what is right goes through', () => {
  it('body, key and preferences', async () => {
    const answer = await post({ lines: [{ sku: 'A', quantity: 1 }] }, { 'idempotency-key': '"k-1"', prefer: 'respond-async, wait=7' });
    expect(answer.json()).toEqual({ lines: 1, key: 'k-1', prefer: { respondAsync: true, waitSeconds: 7 } });
  });
  it('the caller', async () => {
    expect((await app.inject({ url: '/v1/things/mine', headers: authorization })).json()).toEqual({ customer: 'alice', seen: {} });
  });
  it('a public route without a token', async () => {
    expect((await app.inject('/v1/things/open/A?limit=3')).json()).toEqual({ sku: 'A', limit: 3 });
  });
});

it('is ready once started, and while every check holds', async () => {
  const ready = () => app.inject('/health/ready');
  expect((await ready()).statusCode).toBe(503);
  health.started();
  expect((await ready()).statusCode).toBe(200);
  health.addReady('kafka', () => ({ ok: false, detail: 'no broker' }));
  expect((await ready()).json()).toMatchObject({ status: 'failing', checks: { kafka: { ok: false, detail: 'no broker' } } });
  expect((await app.inject('/health/live')).statusCode).toBe(200);
});

it('counts requests by route', async () => {
  await app.inject('/v1/things/open/A');
  expect((await app.inject('/metrics')).body).toContain(
    'evenkeel_http_requests_total{method="GET",route="/v1/things/open/:sku",status="200"}',
  );
});

it('answers an oversize body when it has come to its end: a connection closed before that would be reset, and the answer lost', async () => {
  const other = await createServiceApp(ThingsModule, { log: pino({ level: 'silent' }), health, verifier, bodyLimitBytes: 1_000 });
  const stop = await listenOn(other, { host: '127.0.0.1', port: 0 });
  const { port } = other.getHttpServer().address() as { port: number };
  const half = 'x'.repeat(50_000);
  let ended = false;
  let beforeTheEnd = '';
  const answer = await new Promise<string>((resolve, reject) => {
    let received = '';
    const hear = (text: string): void => {
      received += text;
      if (!ended) beforeTheEnd += text;
    };
    const head = `POST /v1/things HTTP/1.1\r\nhost: a\r\nauthorization: Bearer alice\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n`;
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head + half);
      setTimeout(() => {
        ended = true;
        socket.write(half);
      }, 200);
    });
    socket
      .on('data', (chunk) => hear(chunk.toString()))
      .on('end', () => resolve(received))
      .on('error', reject);
  });
  await stop();
  expect(beforeTheEnd).toBe('');
  expect(answer).toContain('HTTP/1.1 413');
});
