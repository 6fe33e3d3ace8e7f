import type { AvailabilityAnswer, OrderAnswer, OrderId, Region, Sku } from '#contracts';
import type { LedgerAccount } from '../../replay/compare/provider-ledger.ts';
import type { RegionState } from '../../replay/compare/region-state.ts';
import type { RecordedOrder } from '../recording.ts';

/** What `GET /v1/orders/{id}` says; `unreadable` is no answer at all, and so no proof of either. */
export type OrderSeen =
  | { readonly kind: 'present'; readonly order: Omit<OrderAnswer, 'consistencyToken'> }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly because: string };

export interface RegionEvidence {
  readonly region: Region;
  /** Through the public API, by order id: what a customer would see. */
  readonly orders: ReadonlyMap<OrderId, OrderSeen>;
  /** Through the public API, by sku. */
  readonly stock: ReadonlyMap<Sku, Pick<AvailabilityAnswer, 'pools' | 'total'>>;
  /** The tables themselves, of the drill's customers and skus: also what no client asked for. */
  readonly tables: RegionState;
}

/** Everything that the checkers look at: what clients were told, and what stands at the end. */
export interface Evidence {
  readonly recorded: readonly RecordedOrder[];
  readonly regions: readonly RegionEvidence[];
  /** Units that the drill received, over all homes. */
  readonly received: ReadonlyMap<Sku, number>;
  /** The payment provider's books, by order id. */
  readonly ledger: ReadonlyMap<string, LedgerAccount>;
  readonly projections: readonly { readonly projection: string; readonly verdict: string }[];
}

export interface Violation {
  /** A region, or `provider`. */
  readonly where: string;
  readonly what: string;
}

/** A property that must hold at the end. Pure. */
export interface Checker {
  readonly name: string;
  /** As a sentence, for the report. */
  readonly promise: string;
  readonly check: (evidence: Evidence) => readonly Violation[];
}
