import { createServer, get, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  customerId,
  firstLineage,
  homeOf,
  type Lineage,
  type Problem,
  type Region,
  region,
  type RegionListAnswer,
  type Serving,
  type Topology,
} from '#contracts';
import { type CallerVerifier, createServiceApp, HealthRegistry, problem } from '#service-kit';
import { startTelemetry } from '#telemetry';
import { eventually, eventuallyHolds } from '#test-kit';
import { pino } from 'pino';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { admissionDefault, type AdmissionPace } from './forward/admission.ts';
import { crossOrigin } from './forward/passed-headers.ts';
import { homeIsOwner, type OwnerLookup } from './owners/owner-lookup.port.ts';
import { type RequestLimitOptions, requestLimitsDefault } from './rate-limit/request-limits.ts';
import { StorefrontModule } from './storefront.module.ts';

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const telemetry = startTelemetry({ service: 'storefront-api', region: 'east', instance: 1, otlp: undefined });
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

const serves = (): Serving => ({ serving: true, because: 'the regions are paired' });
const pace = { hopsMax: 4, hopPauseMs: 1, ownerNewsMs: 100, admission: admissionDefault };

interface Edge {
  readonly own: readonly string[];
  readonly peer?: readonly string[];
  readonly limits?: RequestLimitOptions;
  readonly owners?: OwnerLookup;
  readonly serving?: () => Serving;
  /** What it is once a takeover is over. */
  readonly servingThen?: (withinMs: number) => Promise<Serving>;
  readonly ownerNewsMs?: number;
  readonly admission?: Partial<AdmissionPace>;
}

/** The edge of east, with the given order services; every other service is the same. */
async function edge({
  own,
  peer = own,
  limits = requestLimitsDefault,
  owners = homeIsOwner,
  serving = serves,
  servingThen = () => Promise.resolve(serving()),
  ownerNewsMs = pace.ownerNewsMs,
  admission = {},
}: Edge): Promise<NestFastifyApplication> {
  const services = { storefront: own, order: own, inventory: own, payment: own, agent: own };
  const topology = {
    homes: [region('east'), region('west')],
    catalogue: region('east'),
    partitions: 6,
    regions: {
      east: { services, peers: { west: { order: peer, inventory: peer, payment: peer } } },
      west: { services: { storefront: ['http://west.shop'] }, peers: {} },
    },
  } as unknown as Topology;
  const module = StorefrontModule.with({
    region: region('east'),
    topology,
    verifier,
    owners,
    serving: { now: serving, afterTakeover: servingThen },
    limits,
    pace: { ...pace, ownerNewsMs, admission: { ...admissionDefault, ...admission } },
  });
  const app = await createServiceApp(module, {
    log: pino({ level: 'silent' }),
    health: new HealthRegistry(),
    verifier,
    bodies: 'raw',
    crossOrigin,
  });
  stops.push(() => app.close());
  return app;
}

/** The lineage in which one region owns everything, as it is learnt. */
class LearntOwners implements OwnerLookup {
  #owner: string | undefined;
  readonly #listeners = new Set<() => void>();
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  ownerOf = (_service: unknown, home: Region): Region => (this.#owner ?? home) as Region;
  get lineage(): Lineage | undefined {
    if (this.#owner === undefined) return undefined;
    const owner = region(this.#owner);
    const all = [region('east'), region('west')];
    const first = firstLineage({ homes: all, catalogue: all[0]!, partitions: 6, regions: all });
    const shards = Object.fromEntries(Object.entries(first.shards).map(([shard, [segment]]) => [shard, [{ ...segment!, owner }]]));
    return { ...first, status: { status: 'solo', region: owner }, shards };
  }
  learn(owner: string): void {
    this.#owner = owner;
    for (const listener of this.#listeners) listener();
  }
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

  it('and on to a newer owner; not for ever, where each region names the other', async () => {
    const own = await service((_request, response) => response.writeHead(421, { 'evenkeel-owner': 'west' }).end());
    const peer = await service();
    expect((await place(await edge({ own: [own.url], peer: [peer.url] }), eastern)).statusCode).toBe(201);
    const both = await place(await edge({ own: [own.url], peer: [own.url] }), eastern);
    expect([both.statusCode, both.json<Problem>().code, both.headers['retry-after']]).toEqual([503, 'owner-unavailable', '1']);
    const fro = await service((_request, response) => response.writeHead(421, { 'evenkeel-owner': 'east' }).end());
    const toAndFro = await place(await edge({ own: [own.url], peer: [fro.url] }), eastern);
    expect([toAndFro.statusCode, toAndFro.json<Problem>().code, fro.seen.length]).toEqual([503, 'owner-unavailable', 2]);
  });

  it('which a service that lost the shard names too, of a write that may be done; what then is not done there is unknown', async () => {
    const lost = await service((_request, response) => response.writeHead(504, { 'evenkeel-owner': 'west' }).end());
    const [owner, busy] = [await service(), await service((_request, response) => response.writeHead(503).end())];
    const answer = await place(await edge({ own: [lost.url], peer: [owner.url] }), eastern);
    expect([answer.statusCode, answer.headers['evenkeel-owner-region']]).toEqual([201, 'west']);
    // What the first has decided may stand in its log past the end of its term: it is offered to the owner again, who may refuse now what it does then.
    const refusing = await service((_request, response) => response.writeHead(404).end());
    for (const peer of [busy.url, refusing.url, await freePort()]) {
      const open = await place(await edge({ own: [lost.url], peer: [peer] }), eastern);
      expect([open.statusCode, open.json<Problem>().code]).toEqual([504, 'outcome-unknown']);
    }
    const app = await edge({ own: [lost.url], peer: [owner.url] });
    expect((await place(app, eastern, { 'idempotency-key': '' })).statusCode).toBe(504);
  });

  it('which is known here before anybody is asked; a wait for the former one ends with the news', async () => {
    const news = new LearntOwners();
    const silent = await service(() => undefined);
    const own = await service();
    const app = await edge({ own: [own.url], peer: [silent.url], owners: news });
    const waiting = place(app, western);
    await eventually(() => silent.seen.length === 1);
    news.learn('east');
    expect([(await waiting).statusCode, (await place(app, western)).statusCode]).toEqual([201, 201]);
    expect([own.seen.length, silent.seen.length]).toEqual([2, 1]);
  });

  it('who becomes the owner after one that cannot be reached is waited for, and told of at once', async () => {
    const news = new LearntOwners();
    let owns = false;
    const own = await service((_request, response) => response.writeHead(owns ? 201 : 421, owns ? {} : { 'evenkeel-owner': 'west' }).end());
    const app = await edge({ own: [own.url], peer: [await freePort()], owners: news, ownerNewsMs: 60_000 });
    const waiting = place(app, western);
    await eventually(() => own.seen.length === 1);
    news.learn('west'); // of something else
    owns = true;
    news.learn('east');
    expect((await waiting).statusCode).toBe(201);
    expect(own.seen.length).toBe(2);
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
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([503, 'owner-unavailable']);
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'evenkeel-home-region': 'west', 'evenkeel-owner-region': 'west' });
  });

  it('504 when it broke off after the request was sent: the outcome is unknown', async () => {
    const own = await service((request) => request.socket.destroy());
    const answer = await place(await edge({ own: [own.url] }), eastern);
    expect([answer.statusCode, answer.json<Problem>().code]).toEqual([504, 'outcome-unknown']);
  });

  it.each([503, 429, 404, 409])('504 when one broke off and the next says %i: that one only speaks for itself', async (status) => {
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

describe('an owner that has more to do than it does in time', () => {
  it('is given no more orders: who found no room is sent away; what else there is goes on', async () => {
    const held: (() => void)[] = [];
    const own = await service((_request, response) => void held.push(() => response.writeHead(201).end()));
    const peer = await service();
    const app = await edge({ own: [own.url], peer: [peer.url], admission: { firstLimit: 1, waitMs: 50 } });
    const first = place(app, eastern);
    await eventuallyHolds(() => expect(held).toHaveLength(1));
    const sentAway = await place(app, eastern);
    expect([sentAway.statusCode, sentAway.json<Problem>().code, sentAway.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
    expect((await place(app, western)).statusCode).toBe(201); // another owner
    const patient = place(app, eastern, { prefer: 'wait=5' });
    const read = app.inject({ url: '/v1/orders', headers: { authorization: `Bearer ${eastern}` } });
    await eventuallyHolds(() => expect(held).toHaveLength(3));
    for (const answer of held) answer();
    expect((await Promise.all([first, patient, read])).map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
    const next = place(app, eastern);
    await eventuallyHolds(() => expect(held).toHaveLength(4));
    held[3]!();
    expect((await next).statusCode).toBe(201);
  });

  it('is not one that cannot be reached: that takes no room from those who ask its successor', async () => {
    const news = new LearntOwners();
    const [silent, own] = [await service(() => undefined), await service()];
    const app = await edge({ own: [own.url], peer: [silent.url], owners: news, admission: { firstLimit: 1, waitMs: 5_000 } });
    const waiting = [place(app, western), place(app, western)];
    await eventuallyHolds(() => expect(silent.seen).toHaveLength(1));
    news.learn('east');
    expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([201, 201]);
  });
});

it('who waits for the successor of a region that is gone holds no room among the writes under way to it', async () => {
  const news = new LearntOwners();
  let owns = false;
  const own = await service((_request, response) => response.writeHead(owns ? 201 : 421, owns ? {} : { 'evenkeel-owner': 'west' }).end());
  const gone = await freePort();
  const app = await edge({ own: [own.url], peer: [gone], owners: news, ownerNewsMs: 60_000, admission: { firstLimit: 1, waitMs: 20_000 } });
  const waiting = Array.from({ length: 3 }, () => place(app, western));
  await eventuallyHolds(() => expect(own.seen).toHaveLength(3)); // each has been refused by the one that is gone
  owns = true;
  news.learn('east');
  expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
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

describe('a region that does not serve', () => {
  const lost = (): Serving => ({ serving: false, because: 'west carries on alone' });
  const draining = (): Serving => ({ serving: false, because: 'east is evacuated', draining: true });

  it('says so to DNS, and refuses writes, naming where else to go; reads it still serves', async () => {
    const own = await service();
    const app = await edge({ own: [own.url], serving: lost });
    const health = await app.inject('/health/serving');
    expect([health.statusCode, health.json<Problem>().code, health.json<Problem>().detail]).toEqual([
      503,
      'region-not-serving',
      'west carries on alone.',
    ]);
    const write = await place(app, eastern);
    expect([write.statusCode, write.json<Problem>().code, own.seen]).toEqual([503, 'region-not-serving', []]);
    expect(write.headers).toMatchObject({
      'retry-after': '1',
      'evenkeel-region-endpoints': 'west=http://west.shop',
      'evenkeel-home-region': 'east',
    });
    expect((await app.inject('/v1/products')).statusCode).toBe(201);
    expect((await app.inject('/health/ready')).statusCode).toBe(503); // the process of this test is never told that it has started
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });

  it('because it takes another one over, lets writes wait for the end of that, and refuses those that waited in vain', async () => {
    const own = await service();
    const takingOver = (): Serving => ({ serving: false, because: 'east is taking over (term 2)', takingOver: true });
    const waits: number[] = [];
    let then = serves();
    const app = await edge({ own: [own.url], serving: takingOver, servingThen: async (withinMs) => (waits.push(withinMs), then) });
    expect((await place(app, eastern)).statusCode).toBe(201);
    then = takingOver();
    const refused = await place(app, eastern);
    expect([refused.statusCode, refused.json<Problem>().code, own.seen.length]).toEqual([503, 'region-not-serving', 1]);
    expect(waits).toEqual([1_500, 1_500]);
    expect((await app.inject('/health/serving')).statusCode).toBe(503); // who asks for DNS does not wait
  });

  it('on purpose, is left by DNS and serves who still comes', async () => {
    const app = await edge({ own: [(await service()).url], serving: draining });
    expect((await app.inject('/health/serving')).statusCode).toBe(503);
    expect((await place(app, eastern)).statusCode).toBe(201);
  });
});

describe('clients are told where to go', () => {
  it('with every answer about what has a home', async () => {
    const app = await edge({ own: [(await service()).url], peer: [(await service()).url] });
    const [own, other] = [await place(app, eastern), await place(app, western)];
    expect(own.headers).toMatchObject({ 'evenkeel-home-region': 'east', 'evenkeel-owner-region': 'east' });
    expect(other.headers).toMatchObject({ 'evenkeel-home-region': 'west', 'evenkeel-owner-region': 'west' });
    const read = await app.inject({ url: '/v1/orders', headers: { authorization: `Bearer ${western}` } });
    expect(read.headers).toMatchObject({ 'evenkeel-home-region': 'west', 'evenkeel-owner-region': 'west' });
    expect((await app.inject('/v1/products')).headers['evenkeel-home-region']).toBeUndefined();
  });

  it('by a list of the regions, as this one knows them', async () => {
    const own = await service();
    const owners = new LearntOwners();
    const app = await edge({ own: [own.url], owners });
    const list = async () => (await app.inject('/v1/regions')).json<RegionListAnswer>();
    const east = { region: 'east', endpoints: [own.url], serves: true, isHome: true, ownsHomes: ['east'] };
    const west = { region: 'west', endpoints: ['http://west.shop'], serves: true, isHome: true, ownsHomes: ['west'] };
    expect(await list()).toEqual({ here: 'east', regions: [east, west] });
    owners.learn('east');
    expect(await list()).toEqual({
      here: 'east',
      regions: [
        { ...east, ownsHomes: ['east', 'west'] },
        { ...west, serves: false, ownsHomes: [] },
      ],
    });
    expect(own.seen).toEqual([]);
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

it("a shop's page of another origin may place an order, with nothing but its token, and read where its customer is at home", async () => {
  const own = await service();
  const app = await edge({ own: [own.url] });
  const origin = 'https://shop.example';
  const asked = await app.inject({
    method: 'OPTIONS',
    url: '/v1/orders',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });
  expect(asked.statusCode).toBe(204);
  expect(asked.headers['access-control-allow-origin']).toBe('*');
  expect(asked.headers['access-control-allow-credentials']).toBeUndefined();
  for (const name of ['authorization', 'idempotency-key', 'evenkeel-consistency-token'])
    expect(asked.headers['access-control-allow-headers']).toContain(name);

  const placed = await place(app, eastern, { origin });
  expect([placed.statusCode, placed.headers['access-control-allow-origin']]).toEqual([201, '*']);
  expect(placed.headers['access-control-expose-headers']).toContain('evenkeel-home-region');
  const refused = await app.inject({ method: 'POST', url: '/v1/orders', headers: { origin } });
  expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([401, '*']);
});
