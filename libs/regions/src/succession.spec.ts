import { describe, expect, it } from 'vitest';
import { firstLineage, region, type Lineage, type Segment, type ShardId } from '#contracts';
import { illegalSteps, lastSegmentOf, shardsMirroredBy, shardsOwnedBy } from './index.ts';

const [east, west] = [region('east'), region('west')];
const first = firstLineage({ homes: [east, west], catalogue: east, partitions: 1, regions: [east, west] });
const shard: ShardId = 'order.east.0';

/** West has taken over everything at `base`. */
function takenOver(before: Lineage, base: number, term = before.term + 1): Lineage {
  const segment: Segment = { term, owner: west, base, mode: 'solo', mirror: east };
  const shards = Object.fromEntries(Object.entries(before.shards).map(([id, segments]) => [id, [...segments, segment]]));
  return { term, status: { status: 'solo', region: west }, shards };
}

describe('a lineage may follow another', () => {
  it('when its term rises and its history is only added to', () => {
    expect(illegalSteps(first, takenOver(first, 7))).toEqual([]);
    expect(illegalSteps(takenOver(first, 7), takenOver(takenOver(first, 7), 7))).toEqual([]);
  });

  it('with the term of the claim that it ends, and of no other', () => {
    const claim: Lineage = { ...first, term: 2, status: { status: 'claimed', region: west, term: 2 } };
    expect(illegalSteps(first, claim)).toEqual([]);
    expect(illegalSteps(claim, takenOver(first, 7, 2))).toEqual([]);
    expect(illegalSteps(claim, takenOver(first, 7, 3))).not.toEqual([]);
    expect(illegalSteps({ ...claim, status: { status: 'claimed', region: east, term: 2 } }, takenOver(first, 7, 2))).not.toEqual([]);
  });

  const changed = (segments: readonly Segment[]): Lineage => ({
    ...takenOver(first, 7),
    shards: { ...takenOver(first, 7).shards, [shard]: [...segments] },
  });
  const [past] = first.shards[shard]!;
  const added: Segment = { term: 2, owner: west, base: 7, mode: 'solo', mirror: east };
  it.each<[string, Lineage, Lineage]>([
    ['the term stays', first, first],
    ['the term falls', takenOver(first, 7, 5), takenOver(first, 7, 4)],
    ['a base falls', takenOver(first, 7), { ...takenOver(takenOver(first, 7), 6) }],
    ['a segment of the past was changed', first, changed([{ ...past!, base: 1 }, added])],
    ['a segment was taken away', takenOver(first, 7), { ...first, term: 3 }],
    ['a new segment has another term', first, changed([past!, { ...added, term: 1 }])],
    ['a region would receipt itself', first, changed([past!, { ...added, mode: 'paired', mirror: west }])],
    ['a shard is gone', first, { ...first, term: 2, shards: { [shard]: first.shards[shard]! } }],
    ['a claim of another term', first, { ...first, term: 3, status: { status: 'claimed', region: west, term: 2 } }],
  ])('not when %s', (_, before, after) => {
    expect(illegalSteps(before, after)).not.toEqual([]);
  });
});

it('ownership follows the last segment', () => {
  expect(shardsOwnedBy(first, east)).toEqual(['order.east.0', 'inventory.east.0', 'payment.east.0']);
  expect(shardsMirroredBy(first, east)).toEqual(['order.west.0', 'inventory.west.0', 'payment.west.0']);
  const after = takenOver(first, 7);
  expect(shardsOwnedBy(after, west)).toHaveLength(6);
  expect(shardsMirroredBy(after, west)).toEqual([]);
  expect(lastSegmentOf(after, shard)).toMatchObject({ owner: west, base: 7 });
});
