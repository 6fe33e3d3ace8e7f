import { inventoryEvents, type OrderId, type Sku } from '#contracts';
import { decodeShardRecord, type StoredRecord } from '#shard-log';

/** What a log says of everybody who wanted one sku. Milliseconds of the writer's wall clock. */
export interface HotSkuFacts {
  readonly reserved: number;
  readonly rejected: number;
  readonly lastDecidedAtMs: number | undefined;
  /** Orders that the log decides more than once: must be none. */
  readonly decidedTwice: readonly OrderId[];
}

/** Counts decisions about the sku, one unit each, of these orders. Pure. */
export function hotSkuFacts(
  records: readonly StoredRecord[],
  wanted: { readonly sku: Sku; readonly orders: ReadonlySet<OrderId> },
): HotSkuFacts {
  const decided = new Map<OrderId, number>();
  let [reserved, rejected] = [0, 0];
  let lastDecidedAtMs: number | undefined;
  for (const record of records) {
    const decoded = decodeShardRecord(record);
    if (!decoded.readable || decoded.value.kind !== 'commit') continue;
    for (const event of inventoryEvents.decode(decoded.value.body)) {
      if (event.type !== 'StockReserved' && event.type !== 'StockRejected') continue;
      if (!wanted.orders.has(event.orderId) || !event.lines.some(({ sku }) => sku === wanted.sku)) continue;
      decided.set(event.orderId, (decided.get(event.orderId) ?? 0) + 1);
      if (event.type === 'StockReserved') reserved += 1;
      else rejected += 1;
      lastDecidedAtMs = Math.max(record.timestampMs, lastDecidedAtMs ?? 0);
    }
  }
  const decidedTwice = [...decided].filter(([, times]) => times > 1).map(([order]) => order);
  return { reserved, rejected, lastDecidedAtMs, decidedTwice };
}

/** What is wrong when `units` were there and `wanted` orders wanted one each; nothing when all is well. Pure. */
export function hotSkuViolations(
  { reserved, rejected, decidedTwice }: HotSkuFacts,
  { units, wanted }: { readonly units: number; readonly wanted: number },
): readonly string[] {
  const expected = Math.min(units, wanted);
  return [
    ...(reserved > units ? [`oversold: ${reserved} units reserved of ${units}`] : []),
    ...(reserved < expected ? [`${reserved} units reserved, though ${expected} of ${units} were wanted`] : []),
    ...(reserved + rejected === wanted ? [] : [`${reserved + rejected} of ${wanted} reservations decided`]),
    ...(decidedTwice.length === 0 ? [] : [`decided more than once: ${decidedTwice.slice(0, 3).join(', ')}`]),
  ];
}
