import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { firstLineage, region } from '#contracts';
import { AgentRegistryError, InMemoryAgentRegistry, InMemoryLineageStore, type StoredLineage } from '#regions';
import { StateReader } from './state-reader.ts';

const [east, west] = [region('east'), region('west')];
const first = firstLineage({ regions: [east, west], homes: [east, west], catalogue: east, partitions: 1 });

let nowMs = 0;
let store: InMemoryLineageStore;
let registry: InMemoryAgentRegistry;
let reader: StateReader;
let told: (StoredLineage | undefined)[];

beforeEach(() => {
  [nowMs, told] = [10_000, []];
  store = new InMemoryLineageStore();
  registry = new InMemoryAgentRegistry(store, () => nowMs);
  reader = new StateReader({ registry, log: pino({ level: 'silent' }), nowMs: () => nowMs, onChange: (lineage) => told.push(lineage) });
});
afterEach(() => reader.close());

it('answers with what it knows while that is recent, and reads when it is older', async () => {
  const { state } = await reader.refresh();
  await store.create(first);
  nowMs += 500;
  expect((await reader.recent(500)).state).toBe(state);
  nowMs += 1;
  expect((await reader.recent(500)).state.lineage?.revision).toBe(1);
});

it('reads when nothing was read yet, or the last read failed', async () => {
  expect((await reader.recent(500)).readAtMs).toBe(nowMs);
  registry.unreachable = true;
  await expect(reader.refresh()).rejects.toThrow(AgentRegistryError);
  await expect(reader.recent(500)).rejects.toThrow(AgentRegistryError);
  registry.unreachable = false;
  nowMs += 1;
  expect((await reader.recent(500)).readAtMs).toBe(nowMs);
  expect(reader.problem).toBeUndefined();
});

it('holds what was read before this process changed something for old', async () => {
  await reader.refresh();
  await store.create(first);
  nowMs += 1;
  reader.changed();
  expect((await reader.recent(500)).state.lineage?.revision).toBe(1);
});

it('waits for a read that is under way, and asks no second time', async () => {
  await reader.refresh();
  await store.create(first);
  nowMs += 100;
  const refreshed = reader.refresh();
  const beforeItBegan = reader.recent(500);
  await Promise.resolve();
  const afterIt = reader.recent(500);
  expect([await beforeItBegan, await afterIt]).toEqual([await refreshed, await refreshed]);
  expect((await refreshed).state.lineage?.revision).toBe(1);
});

it('passes on the lineage that a watch brings, and none while etcd is out of reach', async () => {
  reader.start();
  await store.create(first);
  await store.compareAndSwap(1, { ...first, term: 2 });
  expect(told.flatMap((stored) => stored?.lineage.term ?? [])).toEqual([1, 2]);
  registry.unreachable = true;
  await store.compareAndSwap(2, { ...first, term: 3 });
  expect(told.at(-1)).toBeUndefined();
});
