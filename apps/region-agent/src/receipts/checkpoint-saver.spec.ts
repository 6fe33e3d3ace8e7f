import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { region } from '#contracts';
import { eventually } from '#test-kit';
import { MemoryCheckpoints } from '../testing/memory.checkpoints.ts';
import { CheckpointSaver } from './checkpoint-saver.ts';
import type { CheckpointStore, ReceiptCheckpoint } from './checkpoint.store.ts';

const running: CheckpointSaver[] = [];
afterEach(async () => {
  for (const saver of running.splice(0)) await saver.close();
});

async function saverOver(checkpoints: MemoryCheckpoints) {
  let [saves, looks] = [0, 0];
  const clock = { ms: 0 };
  const counting: CheckpointStore = {
    open: async () => {
      const opened = await checkpoints.open();
      return {
        found: opened.found,
        save: async (checkpoint) => {
          saves += 1;
          await opened.save(checkpoint);
        },
      };
    },
  };
  let checkpoint: ReceiptCheckpoint = {
    version: 2,
    offsets: { 'order.events:0': 1, 'receipts:0': 1, 'east.receipts:0': 1 },
    topicIds: {},
    ledger: { version: 1, shards: {}, awaited: {} },
    receipts: {},
  };
  const saver = new CheckpointSaver({
    checkpoints: counting,
    opened: await counting.open(),
    log: pino({ level: 'silent' }),
    nowMs: () => clock.ms,
    isLeadConfirmed: () => true,
    checkpoint: () => {
      looks += 1;
      return checkpoint;
    },
  });
  const changes = (change: Partial<ReceiptCheckpoint>): void => void (checkpoint = { ...checkpoint, ...change });
  const reads = (key: string, next: number): void => changes({ offsets: { ...checkpoint.offsets, [key]: next } });
  running.push(saver);
  saver.start(1);
  /** So many rounds have begun since, and all but the last have ended. */
  const rounds = (count: number, from = looks): Promise<unknown> => eventually(() => looks > from + count, { everyMs: 1 });
  await rounds(1);
  return { saver, clock, rounds, saves: () => saves, changes, reads, stored: () => JSON.parse(checkpoints.stored!) as ReceiptCheckpoint };
}

it('saves where it begins, and then only what has moved', async () => {
  const { saves, rounds, changes, reads, stored } = await saverOver(new MemoryCheckpoints());
  expect(saves()).toBe(1);
  await rounds(5);
  expect(saves()).toBe(1);
  reads('order.events:0', 2);
  await rounds(5);
  expect([saves(), stored().offsets['order.events:0']]).toEqual([2, 2]);
  changes({ receipts: { [region('east')]: { cut: 1, highest: {} } } });
  await rounds(5);
  expect([saves(), stored().receipts]).toEqual([3, { east: { cut: 1, highest: {} } }]);
});

it('beats that say nothing are saved from time to time, so that a restart reads few of them again', async () => {
  const { clock, saves, rounds, reads, stored } = await saverOver(new MemoryCheckpoints());
  for (const key of ['receipts:0', 'east.receipts:0']) reads(key, 7);
  clock.ms = 29_999;
  await rounds(5);
  expect([saves(), stored().offsets['receipts:0']]).toEqual([1, 1]);
  clock.ms = 30_000;
  await rounds(5);
  expect([saves(), stored().offsets['receipts:0']]).toEqual([2, 7]);
});

it('whoever was fenced and leads again puts what it has read in the place of what the other had', async () => {
  const checkpoints = new MemoryCheckpoints();
  const { saver, rounds, reads, stored } = await saverOver(checkpoints);
  const other = await checkpoints.open();
  await other.save({ ...stored(), offsets: {} });
  reads('order.events:0', 2);
  await eventually(() => stored().offsets['order.events:0'] === 2);
  await rounds(1);
  expect(saver.problem).toBeUndefined();
});
