import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { firstLineage, region, type ShardId } from '#contracts';
import { InMemoryLineageStore, ReceiptsFold, type Procedure, type Step } from '#regions';
import { DoubtfulAppendError, InMemoryBroker } from '#shard-log';
import { Effects } from './effects.ts';

const [east, west] = [region('east'), region('west')];
const lineage = firstLineage({ regions: [east, west], homes: [east, west], catalogue: east, partitions: 2 });
const shards = ['order.east.0', 'order.east.1'] as const satisfies readonly ShardId[];

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Two shards at seq 7, closed as soon as the closes are appended, and a west that receipts them when it is told to. */
async function handingOver(procedure: Procedure, broker = new InMemoryBroker()) {
  const cluster = broker.connect();
  await cluster.createTopics([{ topic: 'order.events', partitions: 2, config: {} }]);
  const receipts = new ReceiptsFold(west);
  const store = new InMemoryLineageStore();
  let swaps = 0;
  const effects = new Effects({
    here: east,
    cluster,
    lineageStore: store,
    parts: {
      ledger: { lastTermOf: () => 1, logOf: () => ({ acceptedSeq: 7, closedAt: 7 }) },
      logs: { receiptsOf: () => receipts },
      writer: { cut: async () => undefined },
    },
    onSwapped: () => (swaps += 1),
  });
  const close: Step = { step: 'close', procedure, because: 'a test', shards: shards.map((shard) => ({ shard, term: 1 })) };
  let done = false;
  const perform = (): Promise<string | undefined> => effects.perform(close, { lineage, revision: 1 });
  const performed = perform().then((trouble) => {
    done = true;
    return trouble;
  });
  return {
    effects,
    store,
    swaps: () => swaps,
    perform,
    performed,
    isDone: () => done,
    receipt: (shard: ShardId, seq: number): void => {
      receipts.take({ kind: 'receipts', receipts: [{ shard, term: 1, seq }] });
      effects.looked();
    },
  };
}

it.each(['handoff', 'evacuation'] as const)('closes for a %s wait for receipts of all of them', async (procedure) => {
  const { performed, isDone, receipt } = await handingOver(procedure);
  receipt(shards[0], 7);
  receipt(shards[1], 6);
  await vi.advanceTimersByTimeAsync(100);
  expect(isDone()).toBe(false);
  receipt(shards[1], 7);
  expect(await performed).toBeUndefined();
});

it('a receipt that does not come is not waited for', async () => {
  const { performed, isDone, receipt } = await handingOver('handoff');
  receipt(shards[0], 7);
  await vi.advanceTimersByTimeAsync(149);
  expect(isDone()).toBe(false);
  await vi.advanceTimersByTimeAsync(2);
  expect(isDone()).toBe(true);
  expect(await performed).toBeUndefined();
});

it.each(['takeover', 'return', 'fall-back', 're-open'] as const)('closes for a %s wait for no receipt', async (procedure) => {
  const { performed } = await handingOver(procedure);
  await vi.advanceTimersByTimeAsync(0);
  expect(await performed).toBeUndefined();
});

it('a close whose append is in doubt fails the step, whatever became of the others; the next one begins anew', async () => {
  const broker = new InMemoryBroker();
  broker.fateOf = (_topic, partition) => (partition === 1 ? 'lose' : 'append');
  const { perform, performed } = await handingOver('return', broker);
  await expect(performed).rejects.toThrow(DoubtfulAppendError);
  broker.fateOf = () => 'append';
  expect(await perform()).toBeUndefined();
  expect([0, 1].map((partition) => broker.log('order.events', partition).length)).toEqual([2, 1]);
});

it('says of each swap, whatever has come of it, and of nothing else, that the lineage may be another one now', async () => {
  const { effects, store, swaps, performed } = await handingOver('takeover');
  await performed;
  expect(swaps()).toBe(0);
  await store.create(lineage);
  const status = { status: 'claimed', region: east, term: 2 } as const;
  const claim: Step = {
    step: 'claim',
    procedure: 'takeover',
    because: 'a test',
    expectedRevision: 1,
    lineage: { ...lineage, term: 2, status },
  };
  expect(await effects.perform(claim, { lineage, revision: 1 })).toBeUndefined();
  expect(swaps()).toBe(1);
  expect(await effects.perform(claim, { lineage, revision: 1 })).toContain('came first');
  expect(swaps()).toBe(2);
  store.unreachable = true;
  expect(await effects.perform(claim, { lineage, revision: 1 })).toContain('unknown');
  expect(swaps()).toBe(3);
});
