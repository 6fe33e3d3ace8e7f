import { assert, assertNever } from '#kernel';
import { derived, type CommitOrigin } from './commit-origin.ts';
import type { Sku } from './ids.ts';
import type { InventoryCommand } from './inventory.commands.ts';
import type { InventoryEvent } from './inventory.events.ts';

export interface ListedProduct {
  readonly name: string;
  readonly unitPriceMinor: number;
  readonly currency: string;
}

type ProductEvent = Extract<InventoryEvent, { type: `Product${string}` }>;

/**
 * The origin of a commit of the inventory service. Reservations, releases, shipments and transfers are the process managers'.
 *
 * A commit that only renames a product, or only reprices it, does not say the other half of its command: that is taken from
 * `listed`, the product as it is known here now, so that offering a new name again does not bring back an old price.
 */
export function inventoryCommitOrigin(
  events: readonly InventoryEvent[],
  listed: (sku: Sku) => ListedProduct | undefined,
): CommitOrigin<InventoryCommand> {
  const [event] = events;
  assert(event !== undefined, 'a commit has at least one event');
  switch (event.type) {
    case 'StockReceived': {
      const { receiptId, sku, quantity, receivedAt } = event;
      return outside({ type: 'ReceiveStock', receiptId, sku, quantity, now: receivedAt });
    }
    case 'StockAdjusted': {
      const { adjustmentId, sku, quantityDelta, reason, adjustedAt } = event;
      return outside({ type: 'AdjustStock', adjustmentId, sku, quantityDelta, reason, now: adjustedAt });
    }
    case 'StockReserved':
    case 'StockAwaited':
    case 'StockRejected':
      return derived('the checkout reserves what a pending order still needs');
    case 'StockReleased':
      return derived('the checkout releases what a cancelled order holds');
    case 'StockShipped':
    case 'StockRestocked':
      return derived('the checkout ships and restocks what an order says is shipped and returned');
    case 'StockTransferSent':
    case 'StockTransferRefused':
    case 'StockTransferReceived':
      return derived('the transfers between pools are asked for again while a reservation waits for them');
    case 'ProductListed':
    case 'ProductRenamed':
    case 'ProductRepriced':
      return productOrigin(event, events, listed);
    default:
      return assertNever(event);
  }
}

/** Skus of which `inventoryCommitOrigin` needs to know how they are listed. */
export function skusToLookUp(events: readonly InventoryEvent[]): readonly Sku[] {
  const incomplete = inventoryCommitOrigin(events, () => undefined).origin === 'incomplete';
  return incomplete ? events.flatMap((event) => ('sku' in event ? [event.sku] : [])).slice(0, 1) : [];
}

/** One decision about one product: listed, or renamed, or repriced, or both of the latter. */
function productOrigin(
  first: ProductEvent,
  events: readonly InventoryEvent[],
  listed: (sku: Sku) => ListedProduct | undefined,
): CommitOrigin<InventoryCommand> {
  const { sku } = first;
  let at = '';
  let stated: Partial<ListedProduct> = {};
  for (const event of events)
    switch (event.type) {
      case 'ProductListed':
        stated = { name: event.name, unitPriceMinor: event.unitPriceMinor, currency: event.currency };
        at = event.listedAt;
        break;
      case 'ProductRenamed':
        stated = { ...stated, name: event.name };
        at = event.renamedAt;
        break;
      case 'ProductRepriced':
        stated = { ...stated, unitPriceMinor: event.unitPriceMinor, currency: event.currency };
        at = event.repricedAt;
        break;
      default: // no decision mixes products with stock
        break;
    }
  const { name, unitPriceMinor, currency } = {
    ...(stated.name !== undefined && stated.currency !== undefined ? {} : listed(sku)),
    ...stated,
  };
  if (name === undefined || unitPriceMinor === undefined || currency === undefined)
    return { origin: 'incomplete', because: `how ${sku} is listed otherwise is not known here` };
  return outside({ type: 'ListProduct', sku, name, unitPriceMinor, currency, now: at });
}

const outside = (command: InventoryCommand): CommitOrigin<InventoryCommand> => ({ origin: 'outside', command });
