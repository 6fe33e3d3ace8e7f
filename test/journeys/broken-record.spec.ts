import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  commandId,
  eventsTopic,
  orderIdOf,
  orderWriteAnswerSchema,
  parkedRecordSchema,
  partitionOf,
  shardId,
  type Region,
  type ShardId,
} from '#contracts';
import { connectKafkaCluster, decodeShardRecord, encodeShardRecord, type LogCluster, type NewRecord, type ShardRecord } from '#shard-log';
import { answered, askApi, eventually, eventuallyHolds, problemOf, recordsOf, Shop, type Customer, type WholeSystem } from '#test-kit';
import { sharedSystem, systemStartTimeoutMs } from './shared.system.ts';

const topic = eventsTopic('order');
const settles = { withinMs: 60_000, everyMs: 250 };
const parkedListSchema = z.array(parkedRecordSchema.extend({ part: z.string() }));

let system: WholeSystem;
let shop: Shop;
let home: Region;
let log: LogCluster;
let customer: Customer;
let sku: string;
/** The order whose stream a broken commit names, and the shard that it is in. */
let broken: { readonly orderId: string; readonly shard: ShardId; readonly partition: number };

beforeAll(async () => {
  system = await sharedSystem({ instances: 1 });
  shop = await Shop.open(system, 'broken');
  home = shop.regions[0]!;
  log = connectKafkaCluster({ brokers: system.topology.regions[home]!.kafka.brokers, clientId: 'broken-record' });
  customer = await shop.customerOf(home);
  sku = shop.name('sku');
  await shop.stock([{ sku, unitPriceMinor: 100, units: { [home]: 100 } }]);
  const { orderId } = await shop.placeConfirmed({ customer, via: home, lines: [{ sku, quantity: 1 }], key: shop.name('broken') });
  const partition = partitionOf(orderId, system.topology.partitions);
  broken = { orderId, partition, shard: shardId({ service: 'order', home, partition }) };
}, systemStartTimeoutMs);

afterAll(() => log.close());

async function append(record: NewRecord): Promise<number> {
  const appender = await log.appender('broken-record');
  try {
    return (await appender.append(topic, broken.partition, [record])).firstOffset;
  } finally {
    await appender.close();
  }
}

/** The next commit of the shard's writer, as far as headers say, with a body that nobody can read. */
async function forgedCommit(): Promise<NewRecord> {
  const records = (await recordsOf(log, topic)).flatMap((record) => {
    const decoded = decodeShardRecord(record);
    return decoded.readable && decoded.value.shard === broken.shard ? [decoded.value] : [];
  });
  const ofKind = <K extends ShardRecord['kind']>(kind: K): Extract<ShardRecord, { kind: K }>[] =>
    records.filter((record): record is Extract<ShardRecord, { kind: K }> => record.kind === kind);
  const { term, generation, writer } = ofKind('fence').reduce((newest, fence) => (fence.generation > newest.generation ? fence : newest));
  const seq = Math.max(...ofKind('commit').map((commit) => commit.seq)) + 1;
  const about = { cause: commandId('forged'), correlation: broken.orderId, traceparent: '', streams: [broken.orderId] };
  return encodeShardRecord({ kind: 'commit', shard: broken.shard, term, generation, writer, seq, ...about, body: '{"events": [' });
}

const parked = () => system.command.json(['parked', 'list'], parkedListSchema);

/** What the named readers of both regions have parked, by the place in the log of `home` where it stands. */
async function parkedAt(offset: number, readers: readonly string[]): Promise<readonly z.output<typeof parkedListSchema>[number][]> {
  const isIt = (record: { readonly topic: string; readonly partition: number; readonly offset: number }): boolean =>
    record.topic.endsWith(topic) && record.partition === broken.partition && record.offset === offset;
  const found = (await parked()).filter(isIt);
  expect(found.map(({ part, status }) => `${part} ${status}`).toSorted()).toEqual(
    shop.regions.flatMap((region) => readers.map((reader) => `${region}.${reader} parked`)).toSorted(),
  );
  return found;
}

/** An id names the same record in both regions: one decision is for both. */
async function skip(found: readonly { readonly id: string }[]): Promise<void> {
  for (const id of new Set(found.map((record) => record.id))) await system.command.succeed(['parked', 'skip', id]);
}

const cancel = (orderId: string, key: string) =>
  askApi(shop.storefront(home), {
    method: 'POST',
    path: `/v1/orders/${orderId}/cancellation`,
    token: customer.token,
    key: shop.name(key),
  });

/** A key with which the customer's next order falls into the shard of the broken one. */
const keyInSameShard = (what: string): string => {
  for (let attempt = 0; ; attempt++) {
    const key = shop.name(`${what}-${attempt}`);
    if (partitionOf(orderIdOf(customer.id, key), system.topology.partitions) === broken.partition) return key;
  }
};

async function ordersGoOn(what: string): Promise<void> {
  const own = keyInSameShard(what);
  await shop.placeConfirmed({ customer, via: home, lines: [{ sku, quantity: 1 }], key: own });
  for (const region of shop.regions) {
    const other = await shop.customerOf(region);
    await shop.placeConfirmed({ customer: other, via: shop.other(region), lines: [{ sku, quantity: 1 }], key: shop.name(what) });
  }
}

describe('a record with a broken body, put into order.events by hand', () => {
  it('without headers: is parked and reported, and blocks nothing', async () => {
    const offset = await append({ key: null, headers: {}, value: 'not of ours' });
    const found = await eventually(() => parkedAt(offset, ['order-projector']), settles);
    for (const record of found) expect(record).toMatchObject({ shard: null, streams: [] });
    await ordersGoOn('beside-headless');
    await skip(found);
  });

  it("as its shard's next commit: is parked, blocks its own order until somebody decides, and everything else goes on", async () => {
    const offset = await append(await forgedCommit());
    // The projector and the checkout each read the log for themselves, and each waits for a decision of its own.
    const found = await eventually(() => parkedAt(offset, ['order-projector', 'order-service']), settles);
    for (const record of found) expect(record).toMatchObject({ shard: broken.shard, streams: [broken.orderId] });

    problemOf(await cancel(broken.orderId, 'blocked'), 'stream-blocked');
    await ordersGoOn('beside-broken');

    await skip(found);
    expect((await parked()).filter(({ status }) => status === 'parked' || status === 'withheld')).toEqual([]);
    await eventuallyHolds(async () => answered(await cancel(broken.orderId, 'unblocked'), 200, orderWriteAnswerSchema), settles);
    for (const region of shop.regions)
      await eventually(async () => (await shop.order(customer, broken.orderId, region)).status === 'cancelled', settles);
  });

  it('leaves both regions with equal projections', async () => {
    const comparisons = z.object({ projections: z.array(z.object({ projection: z.string(), verdict: z.string() })) });
    await eventuallyHolds(
      async () => {
        const { projections } = await system.command.json(['status'], comparisons);
        expect(projections.length).toBeGreaterThan(0);
        expect(projections.filter(({ verdict }) => verdict !== 'equal')).toEqual([]);
      },
      { withinMs: 60_000, everyMs: 1_000 },
    );
  });
});
