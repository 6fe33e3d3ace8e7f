import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agentStatusSchema, firstLineage, promotionConfirmation, region, type AgentStatus, type Serving } from '#contracts';
import { InMemoryAgentRegistry, InMemoryLineageStore } from '#regions';
import { createServiceApp, HealthRegistry, problem, type CallerVerifier } from '#service-kit';
import { silentTopology } from '#test-kit';
import { AgentModule } from './agent.module.ts';
import type { RegionEvent } from './region-events.port.ts';
import { Wishes } from './wishes/wishes.ts';

const [east, west] = [region('east'), region('west')];
const topology = silentTopology({ regions: [east, west], partitions: 1 });
const log = pino({ level: 'silent' });

/** The token names its one role. */
const verifier: CallerVerifier = {
  verify: async (authorization) => {
    const role = /^Bearer (\w+)$/.exec(authorization ?? '')?.[1];
    if (role === undefined) throw problem('unauthenticated');
    return { subject: 'op-1', customerId: undefined, roles: new Set([role]) };
  },
};

const status: AgentStatus = {
  region: east,
  instance: 1,
  standing: 'leads',
  leading: true,
  serving: { serving: true, because: 'the regions are paired' },
  peers: [],
  wishes: { evacuated: [] },
  shards: {},
  stoppedShards: {},
  mirrors: [],
  receiptsWritten: 0,
  unreadableRecords: 0,
  problems: {},
};
let serving: Serving = status.serving;
let store: InMemoryLineageStore;
let registry: InMemoryAgentRegistry;
let app: NestFastifyApplication;
const told: RegionEvent[] = [];
let announced = 0;

beforeAll(async () => {
  const wishes = new Wishes({
    here: east,
    topology,
    registry: {
      read: () => registry.read(),
      openSession: (options) => registry.openSession(options),
      changeWishes: (revision, wished) => registry.changeWishes(revision, wished),
      watch: (onChange) => registry.watch(onChange),
      close: () => registry.close(),
    },
    events: { record: (entry) => told.push(entry) },
    onPromotionAnnounced: () => void (announced += 1),
  });
  const agent = { status: () => status, serving: () => serving };
  const history = { newest: () => [] } as unknown as Parameters<typeof AgentModule.with>[0]['history'];
  app = await createServiceApp(AgentModule.with({ agent, wishes, history, listStranded: async () => [] }), {
    log,
    health: new HealthRegistry(),
    verifier,
  });
});
afterAll(() => app?.close());
beforeEach(async () => {
  store = new InMemoryLineageStore();
  registry = new InMemoryAgentRegistry(store);
  await store.create(firstLineage({ ...topology, regions: [east, west] }));
  told.length = 0;
});

const get = (path: string) => app.inject({ method: 'GET', url: path });
const post = (path: string, body?: object, role = 'operator') =>
  app.inject({ method: 'POST', url: path, headers: { authorization: `Bearer ${role}` }, ...(body === undefined ? {} : { payload: body }) });

describe('an agent answers anybody', () => {
  it('how it stands', async () => {
    for (const path of ['/status', '/internal/status']) expect(agentStatusSchema.parse((await get(path)).json())).toEqual(status);
  });

  it('whether its region serves: 200 or 503, and why', async () => {
    expect(await get('/serving')).toMatchObject({ statusCode: 200 });
    serving = { serving: false, because: 'east is returning' };
    const answer = await get('/serving');
    expect([answer.statusCode, answer.json()]).toEqual([503, serving]);
  });
});

describe('an agent writes down what an operator wishes', () => {
  it('of its own region, or of the one that is named', async () => {
    expect((await post('/wishes/evacuate')).statusCode).toBe(202);
    expect((await registry.read()).wishes.evacuated).toEqual([east]);
    expect((await post('/wishes/return', { region: 'east' })).json()).toEqual({ evacuated: [] });
    expect((await post('/wishes/evacuate', { region: 'west' })).json()).toEqual({ evacuated: [west] });
    expect(told.map(({ event }) => event)).toEqual(['evacuation-wished', 'return-wished', 'evacuation-wished']);
  });

  it('but leaves no region empty of all others, and knows its regions', async () => {
    await post('/wishes/evacuate', { region: 'west' });
    expect((await post('/wishes/evacuate')).statusCode).toBe(409);
    expect((await post('/wishes/evacuate', { region: 'north' })).statusCode).toBe(400);
  });

  it('and of nobody else', async () => {
    expect((await post('/wishes/evacuate', {}, 'customer')).statusCode).toBe(403);
    expect((await app.inject({ method: 'POST', url: '/promote', payload: { confirm: 'yes' } })).statusCode).toBe(401);
    expect((await registry.read()).wishesRevision).toBe(0);
  });

  it('promotes only by the sentence, word for word, and only while the others are gone', async () => {
    expect((await post('/promote', { confirm: 'yes' })).statusCode).toBe(400);
    const confirm = promotionConfirmation([west]);
    const session = await registry.openSession({ region: west, instance: 1, ttlSeconds: 60 });
    await session.signal({ region: west, instance: 1, leading: true, lineageRevision: 1, caughtUp: true, strandedOffered: true });
    expect((await post('/promote', { confirm })).statusCode).toBe(409);
    await session.close();
    expect((await post('/promote', { confirm })).statusCode).toBe(202);
    expect((await registry.read()).wishes.promote).toEqual({ region: east, overTerm: 1 });
  });

  it('says what to do first when etcd has no majority, and decides nothing from then on', async () => {
    registry.unreachable = true;
    announced = 0;
    await post('/wishes/evacuate');
    expect(announced).toBe(0);
    const answer = await post('/promote', { confirm: promotionConfirmation([west]) });
    expect(answer.statusCode).toBe(503);
    expect(answer.json<{ detail: string }>().detail).toContain('must first be made a cluster of one');
    expect(announced).toBe(1);
  });
});
