import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { firstLineage, region } from '#contracts';
import {
  AgentRegistryError,
  EtcdAgentRegistry,
  EtcdLineageStore,
  InMemoryAgentRegistry,
  InMemoryLineageStore,
  type AgentRegistry,
  type AgentSession,
  type AgentSignal,
  type LineageStore,
  type StoredLineage,
} from '#regions';
import { eventually, eventuallyHolds } from '#test-kit';
import { sites, startEtcdCluster, type EtcdCluster } from './lineage.etcd-cluster.ts';

const [east, west] = sites;
const first = firstLineage({ homes: [east, west], catalogue: east, partitions: 2, regions: [east, west] });

let cluster: EtcdCluster;
let tests = 0;
const toClose: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  cluster = await startEtcdCluster();
});
afterAll(() => cluster?.close());
afterEach(async () => {
  cluster.links.heal();
  await Promise.all(toClose.splice(0).map((one) => one.close()));
});

interface Stores {
  readonly registry: AgentRegistry;
  readonly lineage: LineageStore;
}

function etcd(site = east, deadlineMs = 10_000): Stores {
  const at = { endpoints: [cluster.clientUrl(site)], deadlineMs };
  const prefix = `/registry-test/${tests}`;
  const stores = { registry: new EtcdAgentRegistry({ ...at, prefix }), lineage: new EtcdLineageStore({ ...at, key: `${prefix}/lineage` }) };
  toClose.push(stores.registry, stores.lineage);
  return stores;
}

function inMemory(): Stores {
  const lineage = new InMemoryLineageStore();
  return { lineage, registry: new InMemoryAgentRegistry(lineage) };
}

const signal = (of: Partial<AgentSignal> = {}): AgentSignal => ({
  region: east,
  instance: 1,
  leading: false,
  lineageRevision: 0,
  caughtUp: false,
  strandedOffered: true,
  ...of,
});
const open = (registry: AgentRegistry, instance = 1, at = east, ttlSeconds = 60): Promise<AgentSession> =>
  registry.openSession({ region: at, instance, ttlSeconds });

/** Renews until told to stop: what an agent does. */
function keepAlive(session: AgentSession): { close(): Promise<void> } {
  const timer = setInterval(() => void session.renew().catch(() => undefined), 300); // a lease that cannot be renewed is what some tests ask for
  const kept = { close: async () => clearInterval(timer) };
  toClose.push(kept);
  return kept;
}

const adapters: readonly [string, () => Stores][] = [
  ['etcd', () => etcd()],
  ['in memory', inMemory],
];

describe.each(adapters)('the agents’ registry: %s', (_, newStores) => {
  const fresh = (): Stores => {
    tests += 1;
    return newStores();
  };

  it('is empty at first, and then tells lineage, signals, leaders and wishes together', async () => {
    const { registry, lineage } = fresh();
    expect(await registry.read()).toEqual({
      lineage: undefined,
      signals: [],
      leaders: new Map(),
      wishes: { evacuated: [] },
      wishesRevision: 0,
    });
    await lineage.create(first);
    const [ofEast, ofWest] = [await open(registry), await open(registry, 2, west)];
    await ofEast.signal(signal());
    await ofWest.signal(signal({ region: west, instance: 2, caughtUp: true }));
    expect(await ofEast.lead()).toBe(true);
    expect(await registry.changeWishes(0, { evacuated: [west] })).toBe('changed');
    const state = await registry.read();
    expect(state).toMatchObject({ lineage: await lineage.read(), wishes: { evacuated: [west] }, wishesRevision: expect.any(Number) });
    expect(state.signals).toEqual([signal(), signal({ region: west, instance: 2, caughtUp: true })]);
    expect(state.leaders).toEqual(new Map([[east, { instance: 1, session: ofEast.id }]]));
    const swapped = await lineage.compareAndSwap(state.lineage!.revision, { ...first, term: 2 });
    expect((await registry.read()).lineage).toEqual({
      lineage: { ...first, term: 2 },
      revision: (swapped as { revision: number }).revision,
    });
    expect((await registry.read()).lineage?.lineage.term).toBe(2); // read again, unchanged
  });

  it('gives the lead of a region to one session, and to the next when that is closed', async () => {
    const { registry } = fresh();
    const sessions = [await open(registry, 1), await open(registry, 2)] as const;
    const took = await Promise.all(sessions.map((session) => session.lead()));
    expect(took.filter(Boolean)).toHaveLength(1);
    const [leader, standby] = took[0]! ? sessions : ([sessions[1], sessions[0]] as const);
    expect(await leader.lead()).toBe(true); // asked again after a lost answer
    expect(await standby.lead()).toBe(false);
    await leader.close();
    expect(await standby.lead()).toBe(true);
    expect((await registry.read()).leaders.get(east)?.session).toBe(standby.id);
  });

  it('forgets an instance that is silent for its time to live, and keeps one that renews', async () => {
    const { registry } = fresh();
    const ttlSeconds = 5; // a machine that stands still for a moment forgets nobody who renews
    const [silent, alive] = [await open(registry, 1, east, ttlSeconds), await open(registry, 2, east, ttlSeconds)];
    await silent.signal(signal());
    await alive.signal(signal({ instance: 2 }));
    expect(await silent.lead()).toBe(true);
    keepAlive(alive);
    await eventually(async () => (await registry.read()).leaders.size === 0, { everyMs: 100 });
    expect((await registry.read()).signals).toEqual([signal({ instance: 2 })]);
    expect(await silent.renew()).toBe(false);
    await expect(silent.signal(signal())).rejects.toThrow(AgentRegistryError);
    expect(await alive.renew()).toBe(true);
  });

  it('a restarted instance replaces what its last life has said, which ends without taking it along', async () => {
    const { registry } = fresh();
    const before = await open(registry);
    await before.signal(signal());
    const now = await open(registry);
    await now.signal(signal({ caughtUp: true }));
    await before.close();
    expect((await registry.read()).signals).toEqual([signal({ caughtUp: true })]);
  });

  it('changes wishes only as they were read', async () => {
    const { registry } = fresh();
    expect(await registry.changeWishes(0, { evacuated: [east] })).toBe('changed');
    expect(await registry.changeWishes(0, { evacuated: [] })).toBe('conflict');
    const { wishesRevision } = await registry.read();
    expect(await registry.changeWishes(wishesRevision, { evacuated: [], promote: { region: west, overTerm: 3 } })).toBe('changed');
    expect((await registry.read()).wishes).toEqual({ evacuated: [], promote: { region: west, overTerm: 3 } });
  });

  it('a watch tells each change of lineage, signals, leaders and wishes, and the lineage itself, until it is closed', async () => {
    const { registry, lineage } = fresh();
    await lineage.create(first);
    let told = 0;
    const lineages: StoredLineage[] = [];
    const watch = registry.watch(
      (stored) => {
        told += 1;
        if (stored !== undefined) lineages.push(stored);
      },
      () => {},
    );
    const tellsOf = async (change: () => Promise<unknown>): Promise<void> => {
      const before = told;
      await change();
      await eventually(() => told > before);
    };
    await eventually(() => told > 0);
    const session = await open(registry);
    await tellsOf(() => session.signal(signal()));
    await tellsOf(() => session.lead());
    await tellsOf(() => registry.changeWishes(0, { evacuated: [east] }));
    await tellsOf(async () => lineage.compareAndSwap((await lineage.read())!.revision, { ...first, term: 2 }));
    const swapped = await lineage.read();
    await eventuallyHolds(() => expect(lineages.at(-1)).toEqual(swapped));
    expect((await registry.read()).lineage).toEqual(swapped);
    await tellsOf(() => session.close());
    await watch.close();
    const before = told;
    await registry.changeWishes((await registry.read()).wishesRevision, { evacuated: [] });
    expect(told).toBe(before);
  });
});

describe('three members behind links', () => {
  it('an agent that is cut off is forgotten by the others and told nothing, and comes back', async () => {
    tests += 1;
    const [inEast, inWest] = [etcd(east, 3_000), etcd(west)];
    const ofEast = await open(inEast.registry, 1, east, 5);
    await ofEast.signal(signal());
    keepAlive(ofEast);
    const ofWest = await open(inWest.registry, 1, west);
    await ofWest.signal(signal({ region: west }));
    keepAlive(ofWest);

    cluster.links.cut({ from: east, direction: 'both', how: 'silent' });
    await eventually(async () => !(await inWest.registry.read()).signals.some(({ region: of }) => of === east), { withinMs: 45_000 });
    await expect(inEast.registry.read()).rejects.toThrow(AgentRegistryError);
    await expect(open(inEast.registry)).rejects.toThrow(AgentRegistryError);
    const left = await eventually(() => inWest.registry.read());
    expect(left.signals).toEqual([signal({ region: west })]);

    cluster.links.heal();
    const again = await eventually(() => open(inEast.registry), { withinMs: 45_000 });
    await eventuallyHolds(() => again.signal(signal({ caughtUp: true })), { withinMs: 45_000 });
    // West's member may elect anew with the one that came back: asked until it answers.
    const both = await eventually(() => inWest.registry.read(), { withinMs: 45_000 });
    expect(both.signals).toContainEqual(signal({ caughtUp: true }));
  });

  it('a signal of another version still says that somebody is there', async () => {
    tests += 1;
    const { registry } = etcd();
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    const body = JSON.stringify({ key: encoded(`/registry-test/${tests}/agents/west/3`), value: encoded('of the future') });
    await eventually(async () => (await fetch(`${cluster.clientUrl(east)}/v3/kv/put`, { method: 'POST', body })).ok);
    expect((await registry.read()).signals).toEqual([signal({ region: region('west'), instance: 3, strandedOffered: false })]);
  });
});
