import { expect, it } from 'vitest';
import { partitionOf, shardId, type InventoryEvent, type ShardId } from '#contracts';
import { arrived, awaited, east, line, mug, now, order, sent, tea, transfer, west } from './inventory.fixtures.ts';
import { transfersProcess, type TransfersState } from './transfers.ts';

const topology = { homes: [east, west], catalogue: east, partitions: 1 };
const transfers = transfersProcess(topology);
const [inEast, inWest] = [east, west].map((home) => shardId({ service: 'inventory', home, partition: partitionOf(tea, 1) })) as [
  ShardId,
  ShardId,
];
const lines = [line(tea, 2), line(mug, 2)];
const asked: InventoryEvent = awaited([transfer(tea, 2)], ...lines);
const gave: InventoryEvent = sent(tea, 5, transfer(tea, 2).transferId);
const refused: InventoryEvent = {
  type: 'StockTransferRefused',
  transferId: transfer(tea, 2).transferId,
  sku: tea,
  to: east,
  refusedAt: now,
};

const fold = (...seen: readonly (readonly [ShardId, InventoryEvent])[]): TransfersState =>
  seen.reduce((state, [shard, event]) => transfers.evolve(state, event, { shard }), transfers.initial(order));

it('asks the other region, then brings the answer', () => {
  expect(transfers.required(fold([inEast, asked]), now)).toEqual([
    {
      commandId: `${order}:tea:west:send`,
      shard: inWest,
      key: 'tea',
      correlation: order,
      command: { type: 'SendTransfer', transferId: `${order}:tea:west`, sku: tea, quantity: 2, to: east, now },
    },
  ]);
  expect(transfers.required(fold([inEast, asked], [inWest, gave]), now)).toEqual([
    {
      commandId: `${order}:tea:west:receive`,
      shard: inEast,
      key: 'tea',
      correlation: order,
      command: { type: 'ReceiveTransfer', transferId: `${order}:tea:west`, orderId: order, sku: tea, quantity: 5, from: west, lines, now },
    },
  ]);
});

it('brings a refusal as 0 units', () => {
  expect(transfers.required(fold([inEast, asked], [inWest, refused]), now)).toMatchObject([
    { command: { type: 'ReceiveTransfer', quantity: 0 } },
  ]);
});

it('ends empty, whichever shard is read first', () => {
  const empty = transfers.initial(order);
  expect(fold([inEast, asked], [inWest, gave], [inEast, arrived(tea, 5)])).toEqual(empty);
  expect(fold([inWest, gave], [inEast, asked], [inEast, arrived(tea, 5)])).toEqual(empty);
  expect(fold([inEast, asked], [inEast, arrived(tea, 5)], [inWest, gave])).toEqual(empty);
  expect(transfers.done(empty)).toBe(true);
  expect(transfers.done(fold([inEast, asked]))).toBe(false);
});

it('finds the order of every event', () => {
  for (const event of [asked, gave, refused, arrived(tea, 5)]) expect(transfers.keysOf(event)).toEqual([order]);
});
