import type { Sku } from '#contracts';

/** Why the order service does not do what it was asked. The codes are part of the public API. */
export type OrderRefusal =
  | { readonly code: 'order-not-found' }
  | { readonly code: 'idempotency-key-reused' }
  | { readonly code: 'total-too-large'; readonly totalMinorMax: number }
  | { readonly code: 'quantity-too-large'; readonly sku: Sku; readonly quantityMax: number }
  | { readonly code: 'line-number-repeated'; readonly lineNumber: number }
  | { readonly code: 'order-not-confirmed' }
  | { readonly code: 'order-cancelled' }
  | { readonly code: 'order-already-shipped' }
  | { readonly code: 'line-not-found'; readonly lineNumber: number }
  | { readonly code: 'more-than-ordered'; readonly lineNumber: number; readonly quantityMax: number }
  | { readonly code: 'more-than-shipped'; readonly lineNumber: number; readonly quantityMax: number }
  | { readonly code: 'shipment-id-reused'; readonly shipmentId: string }
  | { readonly code: 'return-id-reused'; readonly returnId: string };
