import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandId, type ShardId } from '#contracts';
import type { FeedCheckpoint } from '#shard-log';
import { startTestPostgres, type TestPostgres } from '#test-kit';
import { inOrder, type StrandedEntry } from '../../apps/region-agent/src/stranded/stranded-commit.ts';
import { PgStrandedStore } from '../../apps/region-agent/src/stranded/stranded.store.ts';

/** What is remembered of stranded commits, in a real PostgreSQL. */
let server: TestPostgres;
let pool: Pool;

beforeAll(async () => {
  server = await startTestPostgres();
  pool = new Pool({ connectionString: server.url, max: 2 });
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

const shard: ShardId = 'order.east.0';
const entry = (seq: number, offered: StrandedEntry['commit']['offered'] = 'not-yet'): StrandedEntry => ({
  commit: {
    shard,
    term: 1,
    seq,
    commandId: commandId(`c-${seq}`),
    streams: ['o', 'ö "quoted"'],
    events: ['OrderPlaced'],
    origin: 'outside',
    offered,
    because: 'it’s new',
  },
  correlation: 'o',
  traceparent: '',
  body: '{"events":[]}',
});
const checkpoint: FeedCheckpoint = { version: 1, offsets: { 'order.events:0': 7 }, topicIds: {}, shards: {}, lineage: null };

it('begins with nothing, and keeps the newest of each commit and of the checkpoint', async () => {
  const store = new PgStrandedStore(pool);
  expect(await store.load()).toEqual({ entries: [], checkpoint: undefined });
  await store.save([entry(1), entry(2)], undefined);
  await store.save([entry(2, 'offered')], checkpoint);
  await store.save([entry(2)], undefined); // a former leader has found it too
  await store.save([], { ...checkpoint, offsets: { 'order.events:0': 9 } });
  const found = await new PgStrandedStore(pool).load();
  expect([...found.entries].sort(inOrder)).toEqual([entry(1), entry(2, 'offered')]);
  expect(found.checkpoint?.offsets).toEqual({ 'order.events:0': 9 });
});

it('keeps neither entries nor checkpoint of a save that fails', async () => {
  const store = new PgStrandedStore(pool);
  const broken = { ...checkpoint, offsets: { bad: 1n } } as unknown as FeedCheckpoint;
  await expect(store.save([entry(3)], broken)).rejects.toThrow();
  expect((await store.load()).entries.map(({ commit: { seq } }) => seq).sort((a, b) => a - b)).toEqual([1, 2]);
});
