import { expect, it } from 'vitest';
import { region, type ShardId } from '#contracts';
import { CatchUp, topicsOf } from './catch-up.ts';

const shard = 'order.east.0' as ShardId;

function catchUp() {
  const at = { next: 3, handedOver: { [shard]: 2 }, stored: {} as Record<ShardId, number>, nowMs: 0 };
  const options = {
    ends: new Map([['order.events', [5]]]),
    nextOffset: (topic: string) => (topic === 'order.events' ? at.next : undefined),
    handedOver: () => at.handedOver,
    stored: () => Promise.resolve(at.stored),
    nowMs: () => at.nowMs,
    heldBackMs: 1_000,
  };
  return { at, progress: new CatchUp(options) };
}

it('ends when all that stood in the logs at its start is read, and what was read by then is stored', async () => {
  const { at, progress } = catchUp();
  expect(await progress.isDone()).toBe(false);
  Object.assign(at, { next: 5, handedOver: { [shard]: 4 } });
  expect(await progress.isDone()).toBe(false);
  Object.assign(at, { next: 9, handedOver: { [shard]: 8 }, stored: { [shard]: 3 } });
  expect(await progress.isDone()).toBe(false);
  at.stored = { [shard]: 4 };
  expect(await progress.isDone()).toBe(true);
});

it('does not wait for what is held back, while anything else moves it does', async () => {
  const { at, progress } = catchUp();
  at.stored = { [shard]: 2 };
  expect(await progress.isDone()).toBe(false);
  Object.assign(at, { next: 4, nowMs: 900 });
  expect(await progress.isDone()).toBe(false);
  at.nowMs = 1_800;
  expect(await progress.isDone()).toBe(false);
  at.nowMs = 1_900;
  expect(await progress.isDone()).toBe(true);
});

it('is about own logs, mirrors, and what settles them', () => {
  expect(topicsOf(region('east'), [region('east'), region('west')], ['order'])).toEqual([
    'order.events',
    'west.order.events',
    'receipts',
    'west.receipts',
    'lineage',
  ]);
});
