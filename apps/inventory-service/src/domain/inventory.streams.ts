import { assert, AssertionError, assertNever } from '#kernel';
import type { InventoryCommand, InventoryEvent, OrderId, SkuQuantity } from '#contracts';
import {
  emptyPool,
  streamOf,
  type InventoryState,
  type Pool,
  type Reservation,
  type Transfer,
  type Booking,
  type Product,
} from './inventory.state.ts';
import { quantityBySku } from './stock-lines.ts';

const poolsOf = (lines: readonly SkuQuantity[]): readonly string[] => [...quantityBySku(lines).keys()].map(streamOf.pool);
const reservationAndPools = (orderId: OrderId, lines: readonly SkuQuantity[]) => [streamOf.reservation(orderId), ...poolsOf(lines)];

/** All streams that the decision reads or changes; the first is the commit's key. */
export function streamsOf(command: InventoryCommand): readonly string[] {
  switch (command.type) {
    case 'ReceiveStock':
      return [streamOf.pool(command.sku), streamOf.receipt(command.receiptId)];
    case 'AdjustStock':
      return [streamOf.pool(command.sku), streamOf.adjustment(command.adjustmentId)];
    case 'ReserveStock':
    case 'ReleaseStock':
    case 'StopAwaitingStock':
    case 'ShipStock':
    case 'RestockStock':
      return reservationAndPools(command.orderId, command.lines);
    case 'SendTransfer':
      return [streamOf.pool(command.sku), streamOf.transfer(command.transferId)];
    case 'ReceiveTransfer': {
      const own = { sku: command.sku, quantity: command.quantity };
      return [...reservationAndPools(command.orderId, [...command.lines, own]), streamOf.transfer(command.transferId)];
    }
    case 'ListProduct':
      return [streamOf.product(command.sku)];
    default:
      return assertNever(command);
  }
}

export function streamsChangedBy(event: InventoryEvent): readonly string[] {
  switch (event.type) {
    case 'StockReceived':
      return [streamOf.pool(event.sku), streamOf.receipt(event.receiptId)];
    case 'StockAdjusted':
      return [streamOf.pool(event.sku), streamOf.adjustment(event.adjustmentId)];
    case 'StockAwaited':
    case 'StockRejected':
      return [streamOf.reservation(event.orderId)];
    case 'StockReserved':
    case 'StockReleased':
    case 'StockShipped':
    case 'StockRestocked':
      return reservationAndPools(event.orderId, event.lines);
    case 'StockTransferSent':
      return [streamOf.pool(event.sku), streamOf.transfer(event.transferId)];
    case 'StockTransferRefused':
      return [streamOf.transfer(event.transferId)];
    case 'StockTransferReceived':
      return [streamOf.reservation(event.orderId), streamOf.pool(event.sku), streamOf.transfer(event.transferId)];
    case 'ProductListed':
    case 'ProductRenamed':
    case 'ProductRepriced':
      return [streamOf.product(event.sku)];
    default:
      return assertNever(event);
  }
}

export function initialState(streamId: string): InventoryState {
  const kind = streamId.slice(0, streamId.indexOf(':'));
  switch (kind) {
    case 'pool':
      return emptyPool;
    case 'reservation':
      return { kind: 'reservation', status: 'absent' };
    case 'receipt':
    case 'adjustment':
      return { kind: 'booking', booked: undefined };
    case 'transfer':
      return { kind: 'transfer', status: 'absent' };
    case 'product':
      return { kind: 'product', listed: undefined };
    default:
      throw new AssertionError(`not a stream of the inventory: ${streamId}`);
  }
}

type StateOf = (streamId: string) => InventoryState;

/** Typed access to the streams of one decision. */
export class LoadedStreams {
  readonly #stateOf: StateOf;

  constructor(stateOf: StateOf) {
    this.#stateOf = stateOf;
  }

  pool(sku: SkuQuantity['sku']): Pool {
    return this.#of('pool', streamOf.pool(sku));
  }

  reservation(orderId: OrderId): Reservation {
    return this.#of('reservation', streamOf.reservation(orderId));
  }

  receipt(id: string): Booking {
    return this.#of('booking', streamOf.receipt(id));
  }

  adjustment(id: string): Booking {
    return this.#of('booking', streamOf.adjustment(id));
  }

  transfer(id: string): Transfer {
    return this.#of('transfer', streamOf.transfer(id));
  }

  product(sku: SkuQuantity['sku']): Product {
    return this.#of('product', streamOf.product(sku));
  }

  #of<Kind extends InventoryState['kind']>(kind: Kind, streamId: string): Extract<InventoryState, { kind: Kind }> {
    const state = this.#stateOf(streamId);
    assert(state.kind === kind, `the state of ${streamId} is a ${kind}`);
    return state as Extract<InventoryState, { kind: Kind }>;
  }
}
