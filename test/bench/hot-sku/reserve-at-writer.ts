import {
  commandIdOf,
  commandsTopic,
  type CommandEnvelope,
  eventsTopic,
  type InventoryCommand,
  type OrderId,
  orderIdOf,
  partitionOf,
  shardId,
  type Sku,
  sku as skuOf,
} from '#contracts';
import type { LogCluster, NewRecord } from '#shard-log';
import { eventually, eventuallyHolds, recordsOf } from '#test-kit';
import type { BenchSystem } from '../bench-system.ts';
import { hotSkuFacts, hotSkuViolations } from './hot-sku-facts.ts';

export interface WriterReservations {
  readonly wanted: number;
  readonly units: number;
  readonly reserved: number;
  readonly rejected: number;
  /** From the first command's append to the last decision's: the writer's own clock and the bench's are one machine's. */
  readonly decidedPerSecond: number;
  /** From the first command's append until both regions' reads show every unit reserved. */
  readonly shownAfterSeconds: number;
  readonly violations: readonly string[];
}

/** Three in five get one, so that the end of the stock comes while most still want it. */
const unitsShare = 0.6;
const commandsPerAppend = 500;
const decidedWithinMs = 120_000;
const shownWithinMs = 60_000;
const pollMs = 100;

/**
 * Reservations of one sku, wanted by as many orders as told, through the inventory's commands topic in batches: what checkouts send, without
 * the HTTP requests and orders around it. All fall into one shard, so this is the rate of one writer: deciding, appending and reading back, one after
 * the other. Their orders do not exist, so nothing follows from them.
 */
export async function reserveAtWriter(bench: BenchSystem, wanted: number): Promise<WriterReservations> {
  const { shop, system, clusters } = bench;
  const [home] = bench.regions;
  const cluster = clusters.get(home!)!;
  const hot = skuOf(shop.name('hot-writer'));
  const units = Math.ceil(wanted * unitsShare);
  await shop.stock([{ sku: hot, unitPriceMinor: 999, units: { [home!]: units } }]);
  const partition = partitionOf(hot, system.topology.partitions);
  const orders = new Set(Array.from({ length: wanted }, (_, i) => orderIdOf(bench.customers[0]!.id, `${hot}-${i}`)));
  const records = [...orders].map((orderId) => reservation(orderId, hot, shardId({ service: 'inventory', home: home!, partition })));
  const place = await cluster.endOffsets(eventsTopic('inventory'));
  const beganAtMs = Date.now();
  await appendAll(cluster, partition, records);
  await eventually(async () => (await cluster.endOffsets(eventsTopic('inventory')))[partition]! >= place[partition]! + wanted, {
    withinMs: decidedWithinMs,
    everyMs: pollMs,
  });
  const shownAtMs = await shownEverywhere(bench, hot, units);
  const facts = hotSkuFacts(await recordsOf(cluster, eventsTopic('inventory'), place), { sku: hot, orders });
  const { reserved, rejected, lastDecidedAtMs = Number.POSITIVE_INFINITY } = facts;
  return {
    wanted,
    units,
    reserved,
    rejected,
    decidedPerSecond: (1000 * (reserved + rejected)) / (lastDecidedAtMs - beganAtMs),
    shownAfterSeconds: (shownAtMs - beganAtMs) / 1000,
    violations: hotSkuViolations(facts, { units, wanted }),
  };
}

function reservation(orderId: OrderId, sku: Sku, shard: CommandEnvelope['shard']): NewRecord {
  const command: InventoryCommand = {
    type: 'ReserveStock',
    orderId,
    lines: [{ sku, quantity: 1 }],
    askRegions: [],
    now: new Date().toISOString(),
  };
  const envelope: CommandEnvelope = {
    commandId: commandIdOf('bench', orderId, 'reserve'),
    shard,
    correlation: orderId,
    traceparent: '',
    reply: false,
    command,
  };
  return { key: sku, headers: {}, value: JSON.stringify(envelope) };
}

async function appendAll(cluster: LogCluster, partition: number, records: readonly NewRecord[]): Promise<void> {
  const appender = await cluster.appender('bench-hot-sku');
  try {
    for (let at = 0; at < records.length; at += commandsPerAppend)
      await appender.append(commandsTopic('inventory'), partition, records.slice(at, at + commandsPerAppend));
  } finally {
    await appender.close();
  }
}

/** @throws Error when a region shows something else than every unit reserved, until the last */
async function shownEverywhere({ shop, regions }: BenchSystem, sku: Sku, units: number): Promise<number> {
  await eventuallyHolds(
    async () => {
      for (const region of regions) {
        const { total } = await shop.availability(sku, region);
        if (total.reserved !== units || total.available !== 0)
          throw new Error(`${region} shows ${total.reserved} reserved and ${total.available} available of ${units}`);
      }
    },
    { withinMs: shownWithinMs, everyMs: pollMs },
  );
  return Date.now();
}
