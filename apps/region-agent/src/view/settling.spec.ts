import { expect, it } from 'vitest';
import { region, type Segment, type ShardId } from '#contracts';
import { Settling } from './settling.ts';

const [east, west] = [region('east'), region('west')];
const [stuck, neighbour]: [ShardId, ShardId] = ['order.east.0', 'order.east.1'];
const segment = (term: number, base = 0): Segment => ({ term, owner: east, mirror: west, base, mode: 'paired' });

/** Seen from east: what waits, with what has settled of it, and what west has receipted. */
function look(
  settling: Settling,
  atMs: number,
  waiting: Readonly<Record<ShardId, number>>,
  receipted: Readonly<Record<ShardId, number>>,
  last = segment(1),
): number | undefined {
  const waits = Object.entries(waiting).map(([shard, settledSeq]) => ({ shard: shard as ShardId, last, settledSeq }));
  const owned = Object.entries(receipted).map(([shard, receiptedSeq]) => ({ shard: shard as ShardId, last, receiptedSeq }));
  return settling.note(waits, owned, atMs).get(west);
}

it('counts from when commits began to wait, while receipts repeat what they said', () => {
  const settling = new Settling();
  expect(look(settling, 0, {}, { [stuck]: 5 })).toBeUndefined();
  expect(look(settling, 1_000, { [stuck]: 5 }, { [stuck]: 5 })).toBe(0);
  expect(look(settling, 11_000, { [stuck]: 5 }, { [stuck]: 5 })).toBe(10_000);
  expect(look(settling, 12_000, {}, { [stuck]: 6 })).toBeUndefined();
});

it('starts anew with each receipt that brings something: a slow mirror is no dead one', () => {
  const settling = new Settling();
  for (let round = 0; round < 10; round++)
    expect(look(settling, round * 5_000, { [stuck]: round }, { [stuck]: round })).toBeLessThanOrEqual(5_000);
});

it('a shard that stands still does not count while its neighbours settle, also between two looks', () => {
  const settling = new Settling();
  for (let round = 0; round < 10; round++)
    expect(look(settling, round * 5_000, { [stuck]: 5 }, { [stuck]: 5, [neighbour]: round })).toBeLessThanOrEqual(5_000);
});

it('a shard that begins to wait does not hide those that have waited long', () => {
  const settling = new Settling();
  look(settling, 0, { [stuck]: 5 }, { [stuck]: 5, [neighbour]: 7 });
  expect(look(settling, 10_000, { [stuck]: 5, [neighbour]: 7 }, { [stuck]: 5, [neighbour]: 7 })).toBe(10_000);
});

it('a receipt that reaches a new segment’s base is no progress; one beyond it is', () => {
  const settling = new Settling();
  look(settling, 0, { [stuck]: 5 }, { [stuck]: 5, [neighbour]: 7 });
  expect(look(settling, 4_000, { [stuck]: 5 }, { [neighbour]: 9 }, segment(2, 9))).toBe(0); // its wait is one of term 2
  expect(look(settling, 9_000, { [stuck]: 5 }, { [neighbour]: 9 }, segment(2, 9))).toBe(5_000);
  expect(look(settling, 9_500, { [stuck]: 5 }, { [neighbour]: 10 }, segment(2, 9))).toBe(0);
});
