import { accept, assertNever, reject, type Decision } from '#kernel';
import { epochMsOf, type InventoryCommand, type InventoryEvent, type SkuQuantity } from '#contracts';
import type { InventoryRefusal } from './inventory.refusals.ts';
import type { Booking, Listing } from './inventory.state.ts';
import type { LoadedStreams } from './inventory.streams.ts';
import { release, reserve, restock, ship, stopAwaiting } from './reservation.decide.ts';
import { receive, send } from './transfer.decide.ts';

type InventoryDecision = Decision<InventoryEvent, InventoryRefusal>;
type CommandOf<Type extends InventoryCommand['type']> = Extract<InventoryCommand, { type: Type }>;

export function decideInventory(command: InventoryCommand, streams: LoadedStreams): InventoryDecision {
  switch (command.type) {
    case 'ReceiveStock':
      return receiveStock(command, streams);
    case 'AdjustStock':
      return adjust(command, streams);
    case 'ReserveStock':
      return reserve(command, streams);
    case 'ReleaseStock':
      return release(command, streams);
    case 'StopAwaitingStock':
      return stopAwaiting(command, streams);
    case 'ShipStock':
      return ship(command, streams);
    case 'RestockStock':
      return restock(command, streams);
    case 'SendTransfer':
      return send(command, streams);
    case 'ReceiveTransfer':
      return receive(command, streams);
    case 'ListProduct':
      return list(command, streams);
    default:
      return assertNever(command);
  }
}

/** Whether the id was booked before, with the same content or with other. */
function bookedAs({ booked }: Booking, { sku, quantity }: SkuQuantity): 'not' | 'same' | 'other' {
  if (booked === undefined) return 'not';
  return booked.sku === sku && booked.quantity === quantity ? 'same' : 'other';
}

function receiveStock({ receiptId, sku, quantity, now }: CommandOf<'ReceiveStock'>, streams: LoadedStreams): InventoryDecision {
  const before = bookedAs(streams.receipt(receiptId), { sku, quantity });
  if (before === 'other') return reject({ code: 'receipt-id-reused', receiptId });
  return before === 'same' ? accept([]) : accept([{ type: 'StockReceived', receiptId, sku, quantity, receivedAt: now }]);
}

function adjust(command: CommandOf<'AdjustStock'>, streams: LoadedStreams): InventoryDecision {
  const { adjustmentId, sku, quantityDelta, reason, now } = command;
  const before = bookedAs(streams.adjustment(adjustmentId), { sku, quantity: quantityDelta });
  if (before === 'other') return reject({ code: 'adjustment-id-reused', adjustmentId });
  if (before === 'same') return accept([]);
  const { available } = streams.pool(sku);
  // Reserved units are promised to buyers: a write-off takes only what is free.
  if (available + quantityDelta < 0) return reject({ code: 'stock-not-available', sku, available });
  return accept([{ type: 'StockAdjusted', adjustmentId, sku, quantityDelta, reason, adjustedAt: now }]);
}

function list(command: CommandOf<'ListProduct'>, streams: LoadedStreams): InventoryDecision {
  const { sku, name, unitPriceMinor, currency, now } = command;
  const { listed } = streams.product(sku);
  if (listed === undefined) return accept([{ type: 'ProductListed', sku, name, unitPriceMinor, currency, listedAt: now }]);
  const laterByMs = epochMsOf(now) - epochMsOf(listed.asOf);
  // Delivered again: what was listed after it, within the same instant, stands.
  if (laterByMs === 0 && listed.alsoThen.some((listing) => isSame(listing, command))) return accept([]);
  // Delivered again much later, read out of a stranded commit, or by a clock that is behind. Not said to be done: something else stands.
  if (laterByMs < 0 && !isSame(listed, command)) return reject({ code: 'listed-later', sku });
  const events: InventoryEvent[] = [];
  if (listed.name !== name) events.push({ type: 'ProductRenamed', sku, name, renamedAt: now });
  if (!isSamePrice(listed, command)) events.push({ type: 'ProductRepriced', sku, unitPriceMinor, currency, repricedAt: now });
  return accept(events);
}

const isSame = (a: Listing, b: Listing): boolean => a.name === b.name && isSamePrice(a, b);
type Price = Pick<Listing, 'unitPriceMinor' | 'currency'>;
const isSamePrice = (a: Price, b: Price): boolean => a.unitPriceMinor === b.unitPriceMinor && a.currency === b.currency;
