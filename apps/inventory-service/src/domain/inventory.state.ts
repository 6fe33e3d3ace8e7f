import type { Region, Sku, SkuQuantity } from '#contracts';

/**
 * One region's units of one sku. In every state
 * available + reserved + shipped + sent = received + adjusted + arrived, and available, reserved, shipped ≥ 0.
 * Units in transit are the sum over all pools of the sku of sent − arrived: they are in nobody's pool.
 */
export interface Pool {
  readonly kind: 'pool';
  /** Free to be reserved, sent or written off. */
  readonly available: number;
  readonly reserved: number;
  /** Left the house with an order and did not come back. */
  readonly shipped: number;
  readonly received: number;
  /** Written off (negative) or found (positive), net. */
  readonly adjusted: number;
  /** Sent to, and arrived from, other regions' pools. */
  readonly sent: number;
  readonly arrived: number;
}

/** What has left a reservation, and by which operations: recognises repeats, bounds what may come back. */
export interface Departures {
  readonly shipped: readonly SkuQuantity[];
  readonly shipmentIds: readonly string[];
  readonly returnIds: readonly string[];
}

/** The part of an order's reservation that falls into one shard. */
export type Reservation = { readonly kind: 'reservation' } & (
  | { readonly status: 'absent' }
  /** Holds nothing; waits until each of `openTransfers` is answered, then asks the first of `nextRegions` or gives up. */
  | {
      readonly status: 'awaiting';
      readonly lines: readonly SkuQuantity[];
      readonly openTransfers: readonly string[];
      readonly nextRegions: readonly Region[];
    }
  | ({ readonly status: 'reserved'; readonly held: readonly SkuQuantity[] } & Departures)
  | { readonly status: 'rejected' }
  /** Also the tombstone of a release that came before its reservation: nothing can be held any more. */
  | ({ readonly status: 'released' } & Departures)
);

/** `receipt:<id>` and `adjustment:<id>`: what was booked under the id, if anything. */
export interface Booking {
  readonly kind: 'booking';
  readonly booked: SkuQuantity | undefined;
}

/** `transfer:<id>`: in the sender's shard sent or refused, in the receiver's received. */
export interface Transfer {
  readonly kind: 'transfer';
  readonly status: 'absent' | 'sent' | 'refused' | 'received';
}

export interface Listing {
  readonly name: string;
  readonly unitPriceMinor: number;
  readonly currency: string;
}

export interface Product {
  readonly kind: 'product';
  readonly listed: (Listing & ListedSince) | undefined;
}

/** What recognises a command that was decided, or overtaken, before. */
export interface ListedSince {
  /** Latest time of a change, by the clock of the edge that asked for it. */
  readonly asOf: string;
  /** How it was listed within that same instant, and is not any more. */
  readonly alsoThen: readonly Listing[];
}

export type InventoryState = Pool | Reservation | Booking | Transfer | Product;

export const streamOf = {
  pool: (sku: Sku) => `pool:${sku}`,
  product: (sku: Sku) => `product:${sku}`,
  reservation: (orderId: string) => `reservation:${orderId}`,
  receipt: (id: string) => `receipt:${id}`,
  adjustment: (id: string) => `adjustment:${id}`,
  transfer: (id: string) => `transfer:${id}`,
} as const;

export const emptyPool: Pool = { kind: 'pool', available: 0, reserved: 0, shipped: 0, received: 0, adjusted: 0, sent: 0, arrived: 0 };
export const noDepartures: Departures = { shipped: [], shipmentIds: [], returnIds: [] };
