import { firstLineage, type Lineage, partitionOf, region, type ShardId } from '#contracts';
import { encodeLineage, InMemoryBroker } from '#shard-log';
import { eventually } from '#test-kit';
import { afterEach, expect, it } from 'vitest';
import { LineageOwners } from './lineage-owners.ts';

const [east, west] = [region('east'), region('west')];
const first = firstLineage({ homes: [east, west], catalogue: east, partitions: 6, regions: [east, west] });
/** The lineage in which west owns these too. */
const withWest = (...shards: readonly ShardId[]): Lineage => ({
  ...first,
  shards: Object.fromEntries(
    Object.entries(first.shards).map(([id, segments]) => [
      id,
      shards.includes(id as ShardId) ? [...segments, { term: 2, owner: west, base: 0, mode: 'paired' as const, mirror: east }] : segments,
    ]),
  ),
});

let owners: LineageOwners;
afterEach(() => owners.close());

function following(broker: InMemoryBroker, trouble: string[] = []): LineageOwners {
  owners = new LineageOwners({
    partitions: 6,
    cluster: broker.connect(),
    onTrouble: (message) => void trouble.push(message),
    retryMs: 5,
  });
  owners.start();
  return owners;
}

it('the home owns until the lineage says otherwise, shard by shard, and the newest revision counts', async () => {
  const broker = new InMemoryBroker();
  broker.create('lineage', 1);
  const followed = following(broker);
  expect(followed.ownerOf('order', east, 'ord_x')).toBe('east');
  const partition = partitionOf('ord_x', 6);
  let heard = 0;
  const stop = followed.onChanged(() => heard++);
  broker.store('lineage', 0, [encodeLineage({ revision: 7, lineage: withWest(`order.east.${partition}`) })]);
  await eventually(() => followed.ownerOf('order', east, 'ord_x') === 'west', { everyMs: 1 });
  expect([followed.ownerOf('order', east, undefined), followed.ownerOf('inventory', east, 'ord_x')]).toEqual(['east', 'east']);
  const most = [0, 1, 2, 3].map((each): ShardId => `order.east.${each}`);
  broker.store('lineage', 0, [
    encodeLineage({ revision: 6, lineage: first }),
    { key: null, headers: {}, value: 'nonsense' },
    encodeLineage({ revision: 8, lineage: withWest(...most) }),
  ]);
  await eventually(() => followed.ownerOf('order', east, undefined) === 'west', { everyMs: 1 });
  stop();
  expect(heard).toBe(2);
});

it('begins again from the start when the topic is another one, and forwards by what it knew meanwhile', async () => {
  const broker = new InMemoryBroker();
  broker.create('lineage', 1);
  broker.store('lineage', 0, [encodeLineage({ revision: 1, lineage: withWest('order.east.0') })]);
  const trouble: string[] = [];
  const followed = following(broker, trouble);
  await eventually(() => followed.lineage !== undefined, { everyMs: 1 });
  broker.recreate('lineage');
  await eventually(() => trouble.length > 0, { everyMs: 1 });
  expect(followed.lineage?.shards['order.east.0']?.at(-1)?.owner).toBe('west');
  broker.store('lineage', 0, [encodeLineage({ revision: 2, lineage: withWest('order.east.1') })]);
  await eventually(() => followed.lineage?.shards['order.east.1']?.at(-1)?.owner === 'west', { everyMs: 1 });
});
