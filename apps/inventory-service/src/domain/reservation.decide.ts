import { accept, assertNever, reject, type Decision } from '#kernel';
import type { InventoryCommand, InventoryEvent, OrderId, Region, Sku, SkuQuantity } from '#contracts';
import type { InventoryRefusal } from './inventory.refusals.ts';
import type { LoadedStreams } from './inventory.streams.ts';
import { quantityBySku, quantityMax, toLines } from './stock-lines.ts';
import { transferIdOf } from './transfer-id.ts';

type InventoryDecision = Decision<InventoryEvent, InventoryRefusal>;
type CommandOf<Type extends InventoryCommand['type']> = Extract<InventoryCommand, { type: Type }>;

interface Wanted {
  readonly orderId: OrderId;
  readonly lines: readonly SkuQuantity[];
  /** Regions that may still be asked, in order. */
  readonly regions: readonly Region[];
  readonly now: string;
}

/**
 * Fills the lines from the pools, all or nothing; when they are short asks the next region for exactly the shortage; when there is
 * none left rejects. `availableOf` is what is in the pools at this point of the commit.
 */
export function fill({ orderId, lines, regions, now }: Wanted, availableOf: (sku: Sku) => number): InventoryEvent {
  const wanted = quantityBySku(lines);
  const shortages = new Map<Sku, number>();
  for (const [sku, quantity] of wanted) {
    const shortage = quantity - availableOf(sku);
    if (shortage > 0) shortages.set(sku, shortage);
  }
  if (shortages.size === 0) return { type: 'StockReserved', orderId, lines: toLines(wanted), reservedAt: now };
  const [from, ...nextRegions] = regions;
  if (from === undefined)
    return { type: 'StockRejected', orderId, lines: toLines(wanted), shortSkus: [...shortages.keys()], rejectedAt: now };
  const transfers = [...shortages].map(([sku, quantity]) => ({ transferId: transferIdOf(orderId, sku, from), sku, quantity, from }));
  const next = nextRegions.length === 0 ? {} : { nextRegions };
  return { type: 'StockAwaited', orderId, lines: toLines(wanted), transfers, ...next, awaitedAt: now };
}

export function reserve({ orderId, lines, askRegions, now }: CommandOf<'ReserveStock'>, streams: LoadedStreams): InventoryDecision {
  // Decided before, or released before it came: the tombstone keeps a late command from holding units for nobody.
  if (streams.reservation(orderId).status !== 'absent') return accept([]);
  for (const [sku, quantity] of quantityBySku(lines))
    if (quantity > quantityMax) return reject({ code: 'quantity-too-large', sku, quantityMax });
  return accept([fill({ orderId, lines, regions: askRegions, now }, (sku) => streams.pool(sku).available)]);
}

export function stopAwaiting({ orderId, lines, now }: CommandOf<'StopAwaitingStock'>, streams: LoadedStreams): InventoryDecision {
  const reservation = streams.reservation(orderId);
  if (reservation.status !== 'awaiting') return accept([]);
  const missing = missingLine(orderId, reservation.lines, lines);
  if (missing !== undefined) return reject(missing);
  // Transfers still under way join the pool when they arrive.
  return accept([fill({ orderId, lines: reservation.lines, regions: [], now }, (sku) => streams.pool(sku).available)]);
}

export function release({ orderId, lines, now }: CommandOf<'ReleaseStock'>, streams: LoadedStreams): InventoryDecision {
  const reservation = streams.reservation(orderId);
  switch (reservation.status) {
    case 'absent': // a tombstone, for the reservation that may come late
    case 'awaiting': // nothing was held; units on their way join the pool
      return accept([{ type: 'StockReleased', orderId, lines: [], releasedAt: now }]);
    case 'reserved': {
      const missing = missingLine(orderId, reservation.held, lines);
      if (missing !== undefined) return reject(missing);
      return accept([{ type: 'StockReleased', orderId, lines: [...reservation.held], releasedAt: now }]);
    }
    case 'rejected':
    case 'released':
      return accept([]);
    default:
      return assertNever(reservation);
  }
}

export function ship({ orderId, shipmentId, lines, now }: CommandOf<'ShipStock'>, streams: LoadedStreams): InventoryDecision {
  const reservation = streams.reservation(orderId);
  if (reservation.status !== 'reserved' && reservation.status !== 'released') return reject({ code: 'nothing-reserved', orderId });
  if (reservation.shipmentIds.includes(shipmentId)) return accept([]);
  if (reservation.status === 'released') return reject({ code: 'nothing-reserved', orderId });
  const moved = quantityBySku(lines);
  const beyond = firstBeyond(moved, reservation.held);
  if (beyond !== undefined) return reject({ code: 'more-than-reserved', orderId, ...beyond });
  return accept([{ type: 'StockShipped', orderId, shipmentId, lines: toLines(moved), shippedAt: now }]);
}

export function restock({ orderId, returnId, lines, now }: CommandOf<'RestockStock'>, streams: LoadedStreams): InventoryDecision {
  const reservation = streams.reservation(orderId);
  if (reservation.status !== 'reserved' && reservation.status !== 'released') return reject({ code: 'nothing-reserved', orderId });
  if (reservation.returnIds.includes(returnId)) return accept([]);
  const moved = quantityBySku(lines);
  const beyond = firstBeyond(moved, reservation.shipped);
  if (beyond !== undefined) return reject({ code: 'more-than-shipped', orderId, ...beyond });
  return accept([{ type: 'StockRestocked', orderId, returnId, lines: toLines(moved), restockedAt: now }]);
}

/** The first sku of which more is to be moved than there is. */
function firstBeyond(moved: ReadonlyMap<Sku, number>, there: readonly SkuQuantity[]): { sku: Sku; quantityMax: number } | undefined {
  const quantities = quantityBySku(there);
  for (const [sku, quantity] of moved) {
    const available = quantities.get(sku) ?? 0;
    if (quantity > available) return { sku, quantityMax: available };
  }
  return undefined;
}

/** A sku that the decision needs and the command does not name, so that its pool may not be loaded. */
export function missingLine(orderId: OrderId, needed: readonly SkuQuantity[], named: readonly SkuQuantity[]): InventoryRefusal | undefined {
  const skus = quantityBySku(named);
  const missing = needed.find(({ sku }) => !skus.has(sku));
  return missing === undefined ? undefined : { code: 'line-missing', orderId, sku: missing.sku };
}
