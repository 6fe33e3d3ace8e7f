import { setTimeout as delay } from 'node:timers/promises';
import { eventsTopic, orderEvents, type OrderId, type Region } from '#contracts';
import { decodeShardRecord, type LogCluster, type StoredRecord } from '#shard-log';
import { recordsOf } from '#test-kit';

/** What the logs say of one order: when each event was appended, by the wall clock of the writer. Each should stand there once. */
export interface OrderFacts {
  readonly placedAtMs: readonly number[];
  readonly confirmedAtMs: readonly number[];
  readonly cancelledAtMs: readonly number[];
}

const topic = eventsTopic('order');
const kinds = { OrderPlaced: 'placedAtMs', OrderConfirmed: 'confirmedAtMs', OrderCancelled: 'cancelledAtMs' } as const;

export type Clusters = ReadonlyMap<Region, LogCluster>;
/** By region: offset after the last record of each partition of its own `order.events`. */
export type LogPlace = ReadonlyMap<Region, readonly number[]>;

export async function placeInLogs(clusters: Clusters): Promise<LogPlace> {
  return new Map(await Promise.all([...clusters].map(async ([region, cluster]) => [region, await cluster.endOffsets(topic)] as const)));
}

/** Adds what the records say. Pure. */
export function foldOrderFacts(facts: Map<OrderId, OrderFacts>, records: readonly StoredRecord[]): void {
  for (const record of records) {
    const decoded = decodeShardRecord(record);
    if (!decoded.readable || decoded.value.kind !== 'commit') continue;
    for (const event of orderEvents.decode(decoded.value.body)) {
      if (!(event.type in kinds)) continue;
      const kind = kinds[event.type as keyof typeof kinds];
      const before = facts.get(event.orderId) ?? { placedAtMs: [], confirmedAtMs: [], cancelledAtMs: [] };
      facts.set(event.orderId, { ...before, [kind]: [...before[kind], record.timestampMs] });
    }
  }
}

const pollMs = 500;

/**
 * Reads the logs from a place on until each of the orders has an outcome or time is over. Only after a load: a reader of every event
 * would take from it what it measures. Nothing here is void or stranded, for nothing but load happens to the system.
 */
export async function readOrderFacts(
  clusters: Clusters,
  from: LogPlace,
  { orders, withinMs }: { readonly orders: ReadonlySet<OrderId>; readonly withinMs: number },
): Promise<ReadonlyMap<OrderId, OrderFacts>> {
  const facts = new Map<OrderId, OrderFacts>();
  const next = new Map(from);
  const deadline = performance.now() + withinMs;
  for (;;) {
    for (const [region, cluster] of clusters) {
      const records = await recordsOf(cluster, topic, next.get(region));
      next.set(region, nextOffsets(next.get(region) ?? [], records));
      foldOrderFacts(facts, records);
    }
    if ([...orders].every((order) => hasEnded(facts.get(order))) || performance.now() > deadline) return facts;
    await delay(pollMs);
  }
}

export const hasEnded = (facts: OrderFacts | undefined): boolean =>
  facts !== undefined && facts.confirmedAtMs.length + facts.cancelledAtMs.length > 0;

function nextOffsets(from: readonly number[], records: readonly StoredRecord[]): readonly number[] {
  const next = [...from];
  for (const { partition, offset } of records) next[partition] = Math.max(next[partition] ?? 0, offset + 1);
  return next;
}
