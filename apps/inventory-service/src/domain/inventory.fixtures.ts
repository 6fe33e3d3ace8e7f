import { orderId, region, sku, type InventoryCommand, type InventoryEvent, type SkuQuantity } from '#contracts';

/** Shared by the specs of this folder. */
export const order = orderId('ord_abcdefghijklmnopqrstuvwxyz');
export const now = '2026-11-21T10:00:00.000Z';
export const east = region('east');
export const west = region('west');
export const tea = sku('tea');
export const mug = sku('mug');

export const line = (of: typeof tea, quantity: number): SkuQuantity => ({ sku: of, quantity });

export const received = (of: typeof tea, quantity: number, receiptId = `receipt-${of}`): InventoryEvent => ({
  type: 'StockReceived',
  receiptId,
  sku: of,
  quantity,
  receivedAt: now,
});
export const reserved = (...lines: SkuQuantity[]): InventoryEvent => ({ type: 'StockReserved', orderId: order, lines, reservedAt: now });
export const released = (...lines: SkuQuantity[]): InventoryEvent => ({ type: 'StockReleased', orderId: order, lines, releasedAt: now });
export const rejected = (shortSkus: (typeof tea)[], ...lines: SkuQuantity[]): InventoryEvent => ({
  type: 'StockRejected',
  orderId: order,
  lines,
  shortSkus,
  rejectedAt: now,
});
export const transfer = (of: typeof tea, quantity: number, from = west) => ({
  transferId: `${order}:${of}:${from}`,
  sku: of,
  quantity,
  from,
});
export const awaited = (transfers: ReturnType<typeof transfer>[], ...lines: SkuQuantity[]): InventoryEvent => ({
  type: 'StockAwaited',
  orderId: order,
  lines,
  transfers,
  awaitedAt: now,
});
export const shipped = (shipmentId: string, ...lines: SkuQuantity[]): InventoryEvent => ({
  type: 'StockShipped',
  orderId: order,
  shipmentId,
  lines,
  shippedAt: now,
});
export const restocked = (returnId: string, ...lines: SkuQuantity[]): InventoryEvent => ({
  type: 'StockRestocked',
  orderId: order,
  returnId,
  lines,
  restockedAt: now,
});
export const arrived = (of: typeof tea, quantity: number, from = west): InventoryEvent => ({
  type: 'StockTransferReceived',
  transferId: `${order}:${of}:${from}`,
  orderId: order,
  sku: of,
  quantity,
  from,
  receivedAt: now,
});
export const sent = (of: typeof tea, quantity: number, transferId = 't1'): InventoryEvent => ({
  type: 'StockTransferSent',
  transferId,
  sku: of,
  quantity,
  to: east,
  sentAt: now,
});

export const reserve = (askRegions: (typeof west)[], ...lines: SkuQuantity[]): InventoryCommand => ({
  type: 'ReserveStock',
  orderId: order,
  lines,
  askRegions,
  now,
});
export const release = (...lines: SkuQuantity[]): InventoryCommand => ({ type: 'ReleaseStock', orderId: order, lines, now });
export const stopAwaiting = (...lines: SkuQuantity[]): InventoryCommand => ({ type: 'StopAwaitingStock', orderId: order, lines, now });
export const ship = (shipmentId: string, ...lines: SkuQuantity[]): InventoryCommand => ({
  type: 'ShipStock',
  orderId: order,
  shipmentId,
  lines,
  now,
});
export const restock = (returnId: string, ...lines: SkuQuantity[]): InventoryCommand => ({
  type: 'RestockStock',
  orderId: order,
  returnId,
  lines,
  now,
});
export const receive = (of: typeof tea, quantity: number, receiptId = `receipt-${of}`): InventoryCommand => ({
  type: 'ReceiveStock',
  receiptId,
  sku: of,
  quantity,
  now,
});
export const adjust = (of: typeof tea, quantityDelta: number, adjustmentId = 'a1'): InventoryCommand => ({
  type: 'AdjustStock',
  adjustmentId,
  sku: of,
  quantityDelta,
  reason: 'counted',
  now,
});
export const send = (of: typeof tea, quantity: number, transferId = 't1'): InventoryCommand => ({
  type: 'SendTransfer',
  transferId,
  sku: of,
  quantity,
  to: east,
  now,
});
export const arrive = (of: typeof tea, quantity: number, lines: SkuQuantity[], from = west): InventoryCommand => ({
  type: 'ReceiveTransfer',
  transferId: `${order}:${of}:${from}`,
  orderId: order,
  sku: of,
  quantity,
  from,
  lines,
  now,
});
export const list = (name: string, unitPriceMinor: number, at: string = now): InventoryCommand => ({
  type: 'ListProduct',
  sku: tea,
  name,
  unitPriceMinor,
  currency: 'GBP',
  now: at,
});
