import { expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import type { SettledBatch } from '#shard-log';
import { BatchBuffer } from './batch-buffer.ts';

const shard = 'order.east.0' as ShardId;
const batch = (from: number, count: number, body = '{}'): SettledBatch => ({
  commits: Array.from({ length: count }, (_, i) => ({ commit: { shard, seq: from + i, body } }) as SettledBatch['commits'][number]),
  checkpoint: { version: 1, offsets: { 't:0': from + count }, topicIds: {}, shards: {}, lineage: null },
  moved: count === 0 ? {} : { [shard]: from + count - 1 },
});

it('gives all that came meanwhile as one, with the newest checkpoint', async () => {
  const buffer = new BatchBuffer({ commitsMax: 100, bodyCharsMax: 1_000 });
  await buffer.put(batch(1, 2));
  await buffer.put(batch(3, 3));
  await buffer.put(batch(6, 0));
  const work = buffer.take();
  expect(work?.commits.map(({ commit }) => commit.seq)).toEqual([1, 2, 3, 4, 5]);
  expect(work?.moved).toEqual({ [shard]: 5 });
  expect(work?.checkpoint.offsets).toEqual({ 't:0': 6 });
  expect(work?.isFull).toBe(false);
  expect(buffer.take()).toBeUndefined();
});

it.each([
  ['commits', batch(1, 10)],
  ['characters', batch(1, 1, 'x'.repeat(1_000))],
])('holds the feed back while there is no room for more %s', async (_, full) => {
  const buffer = new BatchBuffer({ commitsMax: 10, bodyCharsMax: 1_000 });
  let going = false;
  const putting = buffer.put(full).then(() => (going = true));
  await Promise.resolve();
  expect(going).toBe(false);
  expect(buffer.take()?.isFull).toBe(true);
  await putting;
  expect(going).toBe(true);
});

it('lets everybody go when it is closed', async () => {
  const buffer = new BatchBuffer({ commitsMax: 1, bodyCharsMax: 1_000 });
  const putting = buffer.put(batch(1, 1));
  const arriving = buffer.arrival(60_000);
  buffer.close();
  await Promise.all([putting, arriving]);
});
