import type { CustomerId, OrderId, ShardId, SkuQuantity } from '#contracts';

export type LinesByShard = Readonly<Record<ShardId, readonly SkuQuantity[]>>;

/** What the order's own stream says. Lines are kept while they may have to be reserved or released. */
export type OrderPart =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'pending';
      readonly customerId: CustomerId;
      readonly currency: string;
      readonly totalMinor: number;
      readonly placedAt: string;
      readonly lines: LinesByShard;
    }
  | {
      readonly status: 'confirmed' | 'cancelled';
      readonly customerId: CustomerId;
      readonly currency: string;
      readonly lines: LinesByShard;
    };

export type KnownOrder = Exclude<OrderPart, { status: 'unknown' }>;

/** What one inventory shard says of its part of the reservation. */
export type StockPart =
  { readonly status: 'awaited'; readonly awaitedAt: string } | { readonly status: 'reserved' | 'rejected' | 'released' };

export interface PaymentPart {
  readonly status: 'none' | 'requested' | 'authorized' | 'declined';
  readonly voidRequested: boolean;
  readonly capturedMinor: number;
  /** Refunds that were asked for and not refused. */
  readonly refundedMinor: number;
  /** Refunds that the provider has not answered: a refused one no longer counts. */
  readonly openRefunds: readonly { readonly id: string; readonly amountMinor: number }[];
}

/**
 * A shipment or return that is not yet carried out everywhere. What the order says and what the others have done may be seen in
 * either order; each is dropped once both are known, and the whole when nothing is left.
 */
export interface Movement {
  readonly id: string;
  readonly asked: { readonly amountMinor: number; readonly lines: LinesByShard } | undefined;
  readonly doneIn: readonly ShardId[];
  readonly moneyRequested: boolean;
}

/** One part per source, each changed by that source's events only: therefore the order between sources does not matter. */
export interface CheckoutState {
  readonly orderId: OrderId;
  readonly order: OrderPart;
  readonly stock: Readonly<Record<ShardId, StockPart>>;
  readonly payment: PaymentPart;
  /** In order of id. */
  readonly shipments: readonly Movement[];
  /** In order of id. */
  readonly returns: readonly Movement[];
}

export const initialCheckout = (orderId: OrderId): CheckoutState => ({
  orderId,
  order: { status: 'unknown' },
  stock: {},
  payment: { status: 'none', voidRequested: false, capturedMinor: 0, refundedMinor: 0, openRefunds: [] },
  shipments: [],
  returns: [],
});

/** Shards in a fixed order: the same state requires the same commands in the same order everywhere. */
export const shardsIn = (byShard: Readonly<Record<ShardId, unknown>>): readonly ShardId[] => (Object.keys(byShard) as ShardId[]).sort();
