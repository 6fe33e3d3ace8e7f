import { describe, expect, it } from 'vitest';
import { firstLineage, region, type Lineage, type Region } from '#contracts';
import { defaultRegionTiming, servingOf, type ServingKnowledge } from './index.ts';

const [east, west] = [region('east'), region('west')];
const first = firstLineage({ homes: [east, west], catalogue: east, partitions: 1, regions: [east, west] });

const under = (status: Lineage['status']): Partial<ServingKnowledge> => ({ stored: { lineage: { ...first, status }, revision: 7 } });
/** As after a takeover: every shard is owned by `owner`. */
const ownedBy = (owner: Region, status: Lineage['status']): Partial<ServingKnowledge> => {
  const shards = Object.fromEntries(
    Object.entries(first.shards).map(([shard, segments]) => [shard, segments.map((segment) => ({ ...segment, owner }))]),
  );
  return { stored: { lineage: { ...first, status, shards }, revision: 7 } };
};

const serving = (known: Partial<ServingKnowledge>) =>
  servingOf({
    here: east,
    stored: { lineage: first, revision: 7 },
    readAgoMs: 100,
    evacuated: [],
    kafkaSilentForMs: 0,
    timing: defaultRegionTiming,
    ...known,
  });

describe('clients should come to east', () => {
  it.each<[string, boolean, Partial<ServingKnowledge>]>([
    ['when the regions are paired', true, {}],
    ['not before etcd has answered', false, { readAgoMs: undefined, stored: undefined }],
    ['not while there is no lineage', false, { stored: undefined }],
    ['while its knowledge is as old as it may be', true, { readAgoMs: defaultRegionTiming.servingKnowledgeMs }],
    ['not when its knowledge is older', false, { readAgoMs: defaultRegionTiming.servingKnowledgeMs + 1 }],
    ['while its Kafka was silent for a moment', true, { kafkaSilentForMs: 2_999 }],
    ['not when its Kafka is silent', false, { kafkaSilentForMs: 3_000 }],
    ['not while it takes over', false, under({ status: 'claimed', region: east, term: 2 })],
    ['not while the other takes over', false, under({ status: 'claimed', region: west, term: 2 })],
    ['when it carries on alone', true, ownedBy(east, { status: 'solo', region: east })],
    ['not when the other carries on alone', false, ownedBy(west, { status: 'solo', region: west })],
    ['when another one carries on for a third, and it owns its shards', true, under({ status: 'solo', region: west })],
    ['while the other returns', true, under({ status: 'rejoining', region: west })],
    ['not while it returns itself', false, under({ status: 'rejoining', region: east })],
    ['when the other is evacuated', true, { evacuated: [west] }],
    ['not when it is evacuated', false, { evacuated: [east] }],
  ])('%s', (_, expected, known) => {
    const answer = serving(known);
    expect(answer).toMatchObject({ serving: expected });
    expect(answer.because).not.toBe('');
  });

  it('and are asked to wait for a moment while it takes another one over, not while it is taken over itself', () => {
    expect(serving(under({ status: 'claimed', region: east, term: 2 })).takingOver).toBe(true);
    expect(serving(under({ status: 'claimed', region: west, term: 2 })).takingOver).toBeUndefined();
    expect(serving({ ...under({ status: 'claimed', region: east, term: 2 }), readAgoMs: 5_000 }).takingOver).toBeUndefined();
  });

  it('and those who still come are served while it drains, but not when it is lost too', () => {
    expect(serving({ evacuated: [east] }).draining).toBe(true);
    expect(serving({ evacuated: [east], ...ownedBy(west, { status: 'solo', region: west }) }).draining).toBeUndefined();
    expect(serving({ evacuated: [east], readAgoMs: 5_000 }).draining).toBeUndefined();
  });
});
