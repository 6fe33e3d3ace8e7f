import type { LineQuantity, Sku } from '#contracts';

/** A line of a live order, and how far it has come: returned ≤ shipped ≤ ordered. */
export interface LineProgress {
  readonly lineNumber: number;
  readonly sku: Sku;
  readonly unitPriceMinor: number;
  readonly ordered: number;
  readonly shipped: number;
  readonly returned: number;
}

/** A shipment or return that was decided: by it a repeated command is told from an id that is used again. */
export interface Operation {
  readonly id: string;
  /** In order of line number, each line once. */
  readonly lines: readonly LineQuantity[];
}

interface Placed {
  readonly requestFingerprint: string;
}

interface Live extends Placed {
  readonly lines: readonly LineProgress[];
  readonly surchargesMinor: number;
}

export type OrderState =
  | { readonly status: 'absent' }
  | ({ readonly status: 'pending' } & Live)
  | ({ readonly status: 'confirmed'; readonly shipments: readonly Operation[]; readonly returns: readonly Operation[] } & Live)
  | ({ readonly status: 'cancelled' } & Placed);

export type ConfirmedOrder = Extract<OrderState, { status: 'confirmed' }>;
