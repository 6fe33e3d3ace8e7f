import { accept, reject, type Decision } from '#kernel';
import type { InventoryCommand, InventoryEvent } from '#contracts';
import type { InventoryRefusal } from './inventory.refusals.ts';
import type { LoadedStreams } from './inventory.streams.ts';
import { fill, missingLine } from './reservation.decide.ts';
import { quantityMax } from './stock-lines.ts';

type InventoryDecision = Decision<InventoryEvent, InventoryRefusal>;
type CommandOf<Type extends InventoryCommand['type']> = Extract<InventoryCommand, { type: Type }>;

/** A pool with this many units left after a transfer is in plenty: it sends half of them along, which saves the next transfers. */
const plenty = 20;

/** In the sender's shard. All of what is needed, or nothing: a part would leave the asker short and the units stranded there. */
export function send({ transferId, sku, quantity, to, now }: CommandOf<'SendTransfer'>, streams: LoadedStreams): InventoryDecision {
  if (streams.transfer(transferId).status !== 'absent') return accept([]);
  const left = streams.pool(sku).available - quantity;
  if (left < 0) return accept([{ type: 'StockTransferRefused', transferId, sku, to, refusedAt: now }]);
  // With few units exactly the need goes, so that no unit lies unsold in one region while the other turns buyers away.
  const along = left >= plenty ? Math.floor(left / 2) : 0;
  return accept([{ type: 'StockTransferSent', transferId, sku, quantity: Math.min(quantity + along, quantityMax), to, sentAt: now }]);
}

/** In the receiver's shard. Whatever became of the reservation, the units join the pool; the last answer decides the reservation. */
export function receive(command: CommandOf<'ReceiveTransfer'>, streams: LoadedStreams): InventoryDecision {
  const { transferId, orderId, sku, quantity, from, now } = command;
  if (streams.transfer(transferId).status !== 'absent') return accept([]);
  const received: InventoryEvent = { type: 'StockTransferReceived', transferId, orderId, sku, quantity, from, receivedAt: now };
  const reservation = streams.reservation(orderId);
  if (reservation.status !== 'awaiting') return accept([received]);
  if (!reservation.openTransfers.includes(transferId) || reservation.openTransfers.length > 1) return accept([received]);
  const missing = missingLine(orderId, reservation.lines, command.lines);
  if (missing !== undefined) return reject(missing);
  const availableOf = (other: typeof sku) => streams.pool(other).available + (other === sku ? quantity : 0);
  return accept([received, fill({ orderId, lines: reservation.lines, regions: reservation.nextRegions, now }, availableOf)]);
}
