import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { firstLineage, type Lineage } from '#contracts';
import {
  EtcdLineageStore,
  IllegalLineageError,
  InMemoryLineageStore,
  LineageUnavailableError,
  swapAndReadBack,
  type LineageStore,
  type StoredLineage,
} from '#regions';
import { eventually } from '#test-kit';
import { sites, startEtcdCluster, type EtcdCluster } from './lineage.etcd-cluster.ts';

const [east, west, witness] = sites;
const first = firstLineage({ homes: [east, west], catalogue: east, partitions: 2, regions: [east, west] });
const next = (lineage: Lineage, status: Lineage['status'] = { status: 'paired' }): Lineage => ({
  ...lineage,
  term: lineage.term + 1,
  status,
});

let cluster: EtcdCluster;
const stores: LineageStore[] = [];
let tests = 0;

beforeAll(async () => {
  cluster = await startEtcdCluster();
});
afterAll(() => cluster?.close());
afterEach(async () => {
  cluster.links.heal();
  await Promise.all(stores.splice(0).map((store) => store.close()));
});

function etcdStore(site = east, options: { key?: string; readEveryMs?: number; deadlineMs?: number } = {}): EtcdLineageStore {
  const store = new EtcdLineageStore({
    endpoints: [cluster.clientUrl(site)],
    deadlineMs: 10_000,
    key: `/test/${tests}`,
    readEveryMs: 200,
    ...options,
  });
  stores.push(store);
  return store;
}

const adapters: readonly [string, () => LineageStore][] = [
  ['etcd', () => etcdStore()],
  ['in memory', () => new InMemoryLineageStore()],
];

describe.each(adapters)('the lineage store: %s', (_, newStore) => {
  const fresh = (): LineageStore => {
    tests += 1;
    return newStore();
  };

  it('holds nothing, then the first lineage, and only one', async () => {
    const store = fresh();
    expect(await store.read()).toBeUndefined();
    const created = await store.create(first);
    expect(created).toEqual({ outcome: 'stored', revision: expect.any(Number) });
    const stored = await store.read();
    expect(stored).toEqual({ lineage: first, revision: (created as { revision: number }).revision });
    expect(await store.create(next(first))).toEqual({ outcome: 'conflict', current: stored });
  });

  it('swaps what was read, and nothing else', async () => {
    const store = fresh();
    await store.create(first);
    const before = (await store.read())!;
    const swapped = await store.compareAndSwap(before.revision, next(first));
    expect(swapped).toEqual({ outcome: 'stored', revision: expect.any(Number) });
    const after = await store.read();
    expect(after!.revision).toBeGreaterThan(before.revision);
    expect(await store.compareAndSwap(before.revision, next(first, { status: 'solo', region: east }))).toEqual({
      outcome: 'conflict',
      current: after,
    });
  });

  it('lets one of two win a race', async () => {
    const store = fresh();
    await store.create(first);
    const { revision } = (await store.read())!;
    const claims = [east, west].map((claimant) => next(first, { status: 'claimed', region: claimant, term: 2 }));
    const outcomes = await Promise.all(claims.map((claim) => store.compareAndSwap(revision, claim)));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['conflict', 'stored']);
    expect((await store.read())!.lineage).toEqual(claims[outcomes.findIndex(({ outcome }) => outcome === 'stored')]);
  });

  it('a watch tells the present state and every later one, in order', async () => {
    const store = fresh();
    await store.create(first);
    const seen: StoredLineage[] = [];
    const watch = store.watch(
      (stored) => seen.push(stored),
      () => {},
    );
    let stored = (await store.read())!;
    await eventually(async () => seen.length === 1);
    for (let term = 2; term <= 5; term++) {
      await swapAndReadBack(store, stored, next(stored.lineage));
      stored = (await store.read())!;
      await eventually(async () => seen.length === term);
    }
    await watch.close();
    expect(seen.map(({ lineage }) => lineage.term)).toEqual([1, 2, 3, 4, 5]);
    await swapAndReadBack(store, stored, next(stored.lineage));
    expect(seen).toHaveLength(5);
  });

  it('refuses to send a lineage that may not follow', async () => {
    const store = fresh();
    await store.create(first);
    await expect(swapAndReadBack(store, await store.read(), first)).rejects.toThrow(IllegalLineageError);
  });
});

describe('a swap whose answer is lost (trace 20)', () => {
  it.each(['answer-lost', 'request-lost'] as const)('%s: is read back, and stands once', async (fault) => {
    const store = new InMemoryLineageStore();
    store.failNextChange(fault);
    expect(await swapAndReadBack(store, undefined, first)).toEqual({ outcome: 'stored', revision: 1 });
    store.failNextChange(fault);
    expect(await swapAndReadBack(store, await store.read(), next(first))).toEqual({ outcome: 'stored', revision: 2 });
  });

  it('answer-lost, then overtaken: a conflict, with what stands there', async () => {
    const store = new InMemoryLineageStore();
    await store.create(first);
    const before = (await store.read())!;
    await store.compareAndSwap(before.revision, next(first, { status: 'solo', region: west }));
    store.failNextChange('request-lost');
    expect(await swapAndReadBack(store, before, next(first))).toEqual({ outcome: 'conflict', current: await store.read() });
  });

  it('stays unknown while the store is silent', async () => {
    const store = new InMemoryLineageStore();
    store.unreachable = true;
    expect((await swapAndReadBack(store, undefined, first)).outcome).toBe('unknown');
  });
});

describe('three members behind links', () => {
  it('have the ids that are derived for them: by these the links tell who dials', async () => {
    const response = await fetch(`${cluster.clientUrl(east)}/v3/cluster/member/list`, { method: 'POST', body: '{}' });
    const { members } = (await response.json()) as { members: { ID: string; name: string }[] };
    const ids = Object.fromEntries(members.map(({ ID, name }) => [name, BigInt(ID).toString(16)]));
    expect(ids).toEqual(Object.fromEntries(sites.map((site) => [site, cluster.memberId(site)])));
  });

  it('a member that is cut off answers unknown, the others go on, and it sees their change after the heal', async () => {
    tests += 1;
    const [inEast, inWest] = [etcdStore(east, { deadlineMs: 2_000 }), etcdStore(west)];
    await inWest.create(first);
    const before = (await inWest.read())!;
    const seen: number[] = [];
    const errors: Error[] = [];
    inEast.watch(
      ({ lineage }) => seen.push(lineage.term),
      (error) => errors.push(error),
    );
    await eventually(async () => seen.length === 1);

    cluster.links.cut({ from: east, direction: 'both', how: 'silent' });
    const swapped = await eventually(
      async () => {
        const outcome = await swapAndReadBack(inWest, before, next(first, { status: 'claimed', region: west, term: 2 }));
        return outcome.outcome === 'stored' && outcome; // until west and the witness have elected a leader
      },
      { withinMs: 45_000 },
    );
    await expect(inEast.read()).rejects.toThrow(LineageUnavailableError);
    expect((await inEast.compareAndSwap(before.revision, next(first))).outcome).toBe('unknown');
    expect(seen).toEqual([1]);
    await eventually(() => errors.length > 0);

    cluster.links.heal();
    await eventually(async () => seen.length === 2, { withinMs: 45_000 });
    const read = await eventually(() => inEast.read(), { withinMs: 45_000 });
    expect(read.revision).toBe(swapped.revision);
  });

  it('a cut between two members leaves the third link alone', async () => {
    tests += 1;
    const inWitness = etcdStore(witness);
    cluster.links.cut({ from: east, to: west, direction: 'both', how: 'reset' });
    await eventually(async () => (await inWitness.create(first)).outcome !== 'unknown', { withinMs: 45_000 });
    // East reaches a majority through the witness, or is it itself cut off from the leader in the west.
    expect((await inWitness.read())!.lineage).toEqual(first);
  });
});
