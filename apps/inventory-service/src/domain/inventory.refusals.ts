import type { OrderId, Sku } from '#contracts';

/** Why the inventory service does not do what it was asked. The codes are part of the public API. */
export type InventoryRefusal =
  | { readonly code: 'stock-not-available'; readonly sku: Sku; readonly available: number }
  | { readonly code: 'receipt-id-reused'; readonly receiptId: string }
  | { readonly code: 'adjustment-id-reused'; readonly adjustmentId: string }
  | { readonly code: 'quantity-too-large'; readonly sku: Sku; readonly quantityMax: number }
  /** A newer command has listed the product otherwise. Newer by the clocks of the edges that took them. */
  | { readonly code: 'listed-later'; readonly sku: Sku }
  /** A command must name every sku that it may touch, or the pools would not be loaded. */
  | { readonly code: 'line-missing'; readonly orderId: OrderId; readonly sku: Sku }
  | { readonly code: 'nothing-reserved'; readonly orderId: OrderId }
  | { readonly code: 'more-than-reserved'; readonly orderId: OrderId; readonly sku: Sku; readonly quantityMax: number }
  | { readonly code: 'more-than-shipped'; readonly orderId: OrderId; readonly sku: Sku; readonly quantityMax: number };
