import { assertNever } from '#kernel';
import { epochMsOf, type InventoryEvent, type Sku, type SkuQuantity } from '#contracts';
import {
  noDepartures,
  type Booking,
  type InventoryState,
  type Listing,
  type Pool,
  type Product,
  type Reservation,
  type Transfer,
} from './inventory.state.ts';
import { moveLines, quantityBySku } from './stock-lines.ts';

export function evolveInventory(streamId: string, state: InventoryState, event: InventoryEvent): InventoryState {
  switch (state.kind) {
    case 'pool':
      return evolvePool(state, streamId.slice('pool:'.length) as Sku, event);
    case 'reservation':
      return evolveReservation(state, event);
    case 'booking':
      return evolveBooking(state, event);
    case 'transfer':
      return evolveTransfer(state, event);
    case 'product':
      return evolveProduct(state, event);
    default:
      return assertNever(state);
  }
}

function evolvePool(pool: Pool, sku: Sku, event: InventoryEvent): Pool {
  const here = (lines: readonly SkuQuantity[]): number => quantityBySku(lines).get(sku) ?? 0;
  switch (event.type) {
    case 'StockReceived':
      return { ...pool, available: pool.available + event.quantity, received: pool.received + event.quantity };
    case 'StockAdjusted':
      return { ...pool, available: pool.available + event.quantityDelta, adjusted: pool.adjusted + event.quantityDelta };
    case 'StockReserved':
      return { ...pool, available: pool.available - here(event.lines), reserved: pool.reserved + here(event.lines) };
    case 'StockReleased':
      return { ...pool, available: pool.available + here(event.lines), reserved: pool.reserved - here(event.lines) };
    case 'StockShipped':
      return { ...pool, reserved: pool.reserved - here(event.lines), shipped: pool.shipped + here(event.lines) };
    case 'StockRestocked':
      return { ...pool, shipped: pool.shipped - here(event.lines), available: pool.available + here(event.lines) };
    case 'StockTransferSent':
      return { ...pool, available: pool.available - event.quantity, sent: pool.sent + event.quantity };
    case 'StockTransferReceived':
      return { ...pool, available: pool.available + event.quantity, arrived: pool.arrived + event.quantity };
    case 'StockAwaited':
    case 'StockRejected':
    case 'StockTransferRefused':
    case 'ProductListed':
    case 'ProductRenamed':
    case 'ProductRepriced':
      return pool; // they move no unit
    default:
      return assertNever(event);
  }
}

function evolveReservation(state: Reservation, event: InventoryEvent): Reservation {
  const kind = 'reservation';
  switch (event.type) {
    case 'StockAwaited': {
      const openTransfers = event.transfers.map(({ transferId }) => transferId);
      return { kind, status: 'awaiting', lines: event.lines, openTransfers, nextRegions: event.nextRegions ?? [] };
    }
    case 'StockTransferReceived':
      if (state.status !== 'awaiting') return state;
      return { ...state, openTransfers: state.openTransfers.filter((id) => id !== event.transferId) };
    case 'StockReserved':
      return { kind, status: 'reserved', held: event.lines, ...noDepartures };
    case 'StockRejected':
      return { kind, status: 'rejected' };
    case 'StockReleased': {
      const { shipped, shipmentIds, returnIds } = state.status === 'reserved' ? state : noDepartures;
      return { kind, status: 'released', shipped, shipmentIds, returnIds };
    }
    case 'StockShipped':
      if (state.status !== 'reserved') return state;
      return {
        ...state,
        held: moveLines(state.held, event.lines, -1),
        shipped: moveLines(state.shipped, event.lines, 1),
        shipmentIds: [...state.shipmentIds, event.shipmentId],
      };
    case 'StockRestocked':
      if (state.status !== 'reserved' && state.status !== 'released') return state;
      return { ...state, shipped: moveLines(state.shipped, event.lines, -1), returnIds: [...state.returnIds, event.returnId] };
    case 'StockReceived':
    case 'StockAdjusted':
    case 'StockTransferSent':
    case 'StockTransferRefused':
    case 'ProductListed':
    case 'ProductRenamed':
    case 'ProductRepriced':
      return state; // about no reservation
    default:
      return assertNever(event);
  }
}

function evolveBooking(booking: Booking, event: InventoryEvent): Booking {
  if (event.type === 'StockReceived') return { ...booking, booked: { sku: event.sku, quantity: event.quantity } };
  if (event.type === 'StockAdjusted') return { ...booking, booked: { sku: event.sku, quantity: event.quantityDelta } };
  return booking;
}

function evolveTransfer(transfer: Transfer, event: InventoryEvent): Transfer {
  if (event.type === 'StockTransferSent') return { ...transfer, status: 'sent' };
  if (event.type === 'StockTransferRefused') return { ...transfer, status: 'refused' };
  if (event.type === 'StockTransferReceived') return { ...transfer, status: 'received' };
  return transfer;
}

function evolveProduct(product: Product, event: InventoryEvent): Product {
  const { listed } = product;
  if (event.type === 'ProductListed') {
    const { name, unitPriceMinor, currency } = event;
    return { ...product, listed: listedAs({ name, unitPriceMinor, currency }, event.listedAt, listed) };
  }
  if (listed === undefined) return product;
  const { name, unitPriceMinor, currency } = listed;
  if (event.type === 'ProductRenamed')
    return { ...product, listed: listedAs({ name: event.name, unitPriceMinor, currency }, event.renamedAt, listed) };
  if (event.type === 'ProductRepriced') {
    const price = { unitPriceMinor: event.unitPriceMinor, currency: event.currency };
    return { ...product, listed: listedAs({ name, ...price }, event.repricedAt, listed) };
  }
  return product;
}

function listedAs(listing: Listing, at: string, before: Product['listed']): Product['listed'] {
  if (before === undefined || epochMsOf(at) > epochMsOf(before.asOf)) return { ...listing, asOf: at, alsoThen: [] };
  const { asOf, alsoThen, ...replaced } = before;
  return { ...listing, asOf, alsoThen: [...alsoThen, replaced] };
}
