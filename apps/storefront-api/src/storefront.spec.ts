import { createServer, get, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { customerId, homeOf, type Problem, region, type Topology } from '#contracts';
import { type CallerVerifier, createServiceApp, HealthRegistry, problem } from '#service-kit';
import { startTelemetry } from '#telemetry';
import { pino } from 'pino';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { homeIsOwner } from './forward/owner-lookup.port.ts';
import { type RequestLimitOptions, requestLimitsDefault } from './rate-limit/request-limits.ts';
import { StorefrontModule } from './storefront.module.ts';

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const telemetry = startTelemetry({ service: 'storefront-api', region: 'east', instance: 1, otlpUrl: undefined });
afterAll(() => telemetry.stop());

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A service instance that answers as told and remembers what it saw. */
async function service(
  answer: RequestListener = (_request, response) => response.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}'),
) {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ url: request.url, headers: request.headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const freePort = async (): Promise<string> => {
  const { url } = await service();
  await stops.pop()!();
  return url;
};

const verifier: CallerVerifier = {
  verify: (authorization) => {
    const [name = '', role] = (authorization ?? '').replace('Bearer ', '').split('/');
    if (name === '') return Promise.reject(problem('unauthenticated', { headers: { 'www-authenticate': 'Bearer' } }));
    return Promise.resolve({ subject: name, customerId: customerId(name), roles: new Set(role === undefined ? [] : [role]) });
  },
};

interface Edge {
  readonly own: readonly string[];
  readonly peer?: readonly string[];
  readonly limits?: RequestLimitOptions;
}

/** The edge of east, with the given order services; every other service is the same. */
async function edge({ own, peer = own, limits = requestLimitsDefault }: Edge): Promise<NestFastifyApplication> {
  const services = { storefront: own, order: own, inventory: own, payment: own, agent: own };
  const topology = {
    homes: [region('east'), region('west')],
    catalogue: region('east'),
    partitions: 6,
    regions: { east: { services, peers: { west: { order: peer, inventory: peer, payment: peer } } } },
  } as unknown as Topology;
  const module = StorefrontModule.with({ region: region('east'), topology, verifier, owners: homeIsOwner, limits });
  const app = await createServiceApp(module, { log: pino({ level: 'silent' }), health: new HealthRegistry(), verifier, bodies: 'raw' });
  stops.push(() => app.close());
  return app;
}

/** Sends the target as it is: `fetch` and `inject` would normalise it first. */
const statusOf = ({ port }: AddressInfo, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });

const homes = { homes: [region('east'), region('west')] };
const names = Array.from({ length: 50 }, (_, i) => `c${i}`);
const eastern = names.find((name) => homeOf(homes, customerId(name)) === 'east')!;
const western = names.find((name) => homeOf(homes, customerId(name)) === 'west')!;

const place = (app: NestFastifyApplication, who: string, headers: Record<string, string> = {}, payload = '{"lines":[]}') =>
  app.inject({
    method: 'POST',
    url: '/v1/orders',
    payload,
    headers: { authorization: `Bearer ${who}`, 'content-type': 'application/json', 'idempotency-key': 'k1', ...headers },
  });

describe('a request reaches the region that owns its home', () => {
  it('here, or through the link; with its body and what the service must know', async () => {
    const [own, peer] = [await service(), await service()];
    const app = await edge({ own: [own.url], peer: [peer.url] });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const answer = await place(app, eastern, { traceparent, prefer: 'wait=1', cookie: 'secret=1', 'evenkeel-consistency-token': 't' });
    await place(app, western);
    expect([answer.statusCode, answer.json()]).toEqual([201, { ok: true }]);
    expect([own.seen.length, peer.seen.length]).toEqual([1, 1]);
    expect(own.seen[0]).toMatchObject({ url: '/v1/orders', body: '{"lines":[]}' });
    expect(own.seen[0]!.headers).toMatchObject({
      authorization: `Bearer ${eastern}`,
      'idempotency-key': 'k1',
      prefer: 'wait=1',
      'evenkeel-consistency-token': 't',
    });
    expect(own.seen[0]!.headers['traceparent']).toContain('a'.repeat(32));
    expect(own.seen[0]!.headers['cookie']).toBeUndefined();
  });

  it('and on to a newer owner, once', async () => {
    const own = await service((_request, response) => response.writeHead(421, { 'evenkeel-owner': 'west' }).end());
    const peer = await service();
    expect((await place(await edge({ own: [own.url], peer: [peer.url] }), eastern)).statusCode).toBe(201);
    const both = await place(await edge({ own: [own.url], peer: [own.url] }), eastern);
    expect([both.statusCode, both.json<Problem>().code, both.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
  });

  it('instances take turns', async () => {
    const [one, two] = [await service(), await service()];
    const app = await edge({ own: [one.url, two.url] });
    for (let i = 0; i < 4; i++) await place(app, eastern);
    expect([one.seen.length, two.seen.length]).toEqual([2, 2]);
  });

  it('answers pass as they are, problems too', async () => {
    const own = await service((_request, response) =>
      response.writeHead(422, { 'content-type': 'application/problem+json', 'x-internal': '1' }).end('{"code":"unknown-sku"}'),
    );
    const answer = await place(await edge({ own: [own.url] }), eastern);
    expect([answer.statusCode, answer.headers['content-type'], answer.json()]).toEqual([
      422,
      'application/problem+json',
      { code: 'unknown-sku' },
    ]);
    expect(answer.headers['x-internal']).toBeUndefined();
  });

  it('reads stay here, open ones need no token', async () => {
    const [own, peer] = [await service(), await service()];
    const app = await edge({ own: [own.url], peer: [peer.url] });
    await app.inject('/v1/products?limit=3');
    await app.inject({ url: '/v1/orders', headers: { authorization: `Bearer ${western}` } });
    expect(own.seen.map(({ url }) => url)).toEqual(['/v1/products?limit=3', '/v1/orders']);
    expect(peer.seen).toEqual([]);
  });
});

describe('when a service is not there', () => {
  it('the next instance is asked when a connection is refused', async () => {
    const one = await service();
    const app = await edge({ own: [await freePort(), one.url] });
    for (let i = 0; i < 3; i++) expect((await place(app, eastern)).statusCode).toBe(201);
    expect(one.seen.length).toBe(3);
  });

  it('503 when nobody can be reached: nothing has happened', async () => {
    const answer = await place(await edge({ own: [await freePort()] }), eastern);
    expect([answer.statusCode, answer.json<Problem>().code, answer.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
  });

  it('this region answers for another one that is gone, if it owns the home now', async () => {
    const [gone, own] = [await freePort(), await service()];
    expect((await place(await edge({ own: [own.url], peer: [gone] }), western)).statusCode).toBe(201);
    const other = await service((_request, response) => response.writeHead(421, { 'evenkeel-owner': 'west' }).end());
    const answer = await place(await edge({ own: [other.url], peer: [gone] }), western);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([503, 'unavailable']);
  });

  it('504 when it broke off after the request was sent: the outcome is unknown', async () => {
    const own = await service((request) => request.socket.destroy());
    const answer = await place(await edge({ own: [own.url] }), eastern);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([504, 'outcome-unknown']);
  });

  it.each([503, 429])('504 when one broke off and the next says %i: that one only speaks for itself', async (status) => {
    const broken = await service((request) => request.socket.destroy());
    const busy = await service((_request, response) => response.writeHead(status).end());
    const answer = await place(await edge({ own: [broken.url, busy.url] }), eastern);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([504, 'outcome-unknown']);
    expect([broken.seen.length, busy.seen.length]).toEqual([1, 1]);
  });

  it('504 when one broke off and nobody owns the shard afterwards', async () => {
    const broken = await service((request) => request.socket.destroy());
    const deposed = await service((_request, response) => response.writeHead(421, { 'evenkeel-owner': 'west' }).end());
    const app = await edge({ own: [broken.url, deposed.url], peer: [await freePort()] });
    const answer = await place(app, eastern);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([504, 'outcome-unknown']);
  });

  it('a write with its key is asked again of another instance when one breaks off', async () => {
    const broken = await service((request) => request.socket.destroy());
    const whole = await service();
    expect((await place(await edge({ own: [broken.url, whole.url] }), eastern)).statusCode).toBe(201);
    expect([broken.seen.length, whole.seen.length]).toEqual([1, 1]);
  });
});

describe('what the edge itself refuses, and forwards nothing of', () => {
  it.each([
    ['no token', (app: NestFastifyApplication) => place(app, ''), 401, 'unauthenticated'],
    ['an oversize body', (app: NestFastifyApplication) => place(app, eastern, {}, 'x'.repeat(1024 * 1024 + 1)), 413, 'body-too-large'],
    ['a path that nobody serves', (app: NestFastifyApplication) => app.inject('/v1/nothing'), 404, 'not-found'],
    [
      'an internal path',
      (app: NestFastifyApplication) => app.inject({ method: 'POST', url: '/internal/prices', payload: {} }),
      404,
      'not-found',
    ],
    [
      'a broken customer header',
      (app: NestFastifyApplication) => place(app, eastern, { 'evenkeel-customer': '?' }),
      400,
      'invalid-request',
    ],
  ])('%s', async (_name, send, status, code) => {
    const own = await service();
    const answer = await send(await edge({ own: [own.url] }));
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(own.seen).toEqual([]);
  });

  it.each([
    '/v1/products/%2e%2e/%2e%2e/metrics',
    '/v1/products/../../metrics',
    '/v1/products/x/%2E%2E/%2e./%2e%2e/internal/parked',
    '/v1/products\\..\\..\\metrics',
  ])('a path that leaves the API: %s', async (target) => {
    const own = await service();
    const app = await edge({ own: [own.url] });
    await app.listen({ host: '127.0.0.1', port: 0 });
    expect(await statusOf(app.getHttpServer().address() as AddressInfo, target)).toBe(404);
    expect(own.seen).toEqual([]);
  });

  it('a customer beyond its rate, not an operator', async () => {
    const limits = { customer: { perSecond: 0.001, burst: 2 }, anonymous: { perSecond: 0.001, burst: 1 } };
    const app = await edge({ own: [(await service()).url], limits });
    const statuses = async (who: string) =>
      [await place(app, who), await place(app, who), await place(app, who)].map((answer) => answer.statusCode);
    expect(await statuses(eastern)).toEqual([201, 201, 429]);
    expect(await statuses(western)).toEqual([201, 201, 429]);
    expect(await statuses('op/operator')).toEqual([201, 201, 201]);
    expect((await place(app, eastern)).headers['retry-after']).toMatch(/^\d+$/);
  });
});

it('documents every route once, from the schemas that validate', async () => {
  const app = await edge({ own: [(await service()).url] });
  const document = (await app.inject('/v1/openapi.json')).json<{
    openapi: string;
    paths: Record<string, Record<string, { requestBody?: object }>>;
  }>();
  expect(document.openapi).toBe('3.1.0');
  expect(document.paths['/v1/orders']?.['post']?.requestBody).toMatchObject({
    content: { 'application/json': { schema: { additionalProperties: false, properties: { lines: { maxItems: 2_000, minItems: 1 } } } } },
  });
  const page = await app.inject('/');
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.body).toContain('/v1/openapi.json');
});
