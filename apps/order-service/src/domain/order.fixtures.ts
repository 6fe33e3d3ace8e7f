import { customerId, orderId, sku, type OrderCommand, type OrderEvent, type OrderLine } from '#contracts';

/** Shared by the specs of this folder. */
export const id = orderId('ord_abcdefghijklmnopqrstuvwxyz');
export const now = '2026-11-21T10:00:00.000Z';
export const fingerprint = 'a'.repeat(64);

type CommandOf<Type extends OrderCommand['type']> = Extract<OrderCommand, { type: Type }>;

export const tea: OrderLine = { lineNumber: 1, sku: sku('tea'), name: 'Tea', quantity: 3, unitPriceMinor: 250 };
export const mug: OrderLine = { lineNumber: 2, sku: sku('mug'), name: 'Mug', quantity: 1, unitPriceMinor: 900 };
export const carriage = { code: 'POST', description: 'Carriage', amountMinor: 400 };

export const place = (change: Partial<CommandOf<'PlaceOrder'>> = {}): CommandOf<'PlaceOrder'> => ({
  type: 'PlaceOrder',
  orderId: id,
  customerId: customerId('ada'),
  currency: 'GBP',
  lines: [tea, mug],
  surcharges: [carriage],
  requestFingerprint: fingerprint,
  now,
  ...change,
});

export const placed: OrderEvent = {
  type: 'OrderPlaced',
  orderId: id,
  customerId: customerId('ada'),
  currency: 'GBP',
  lines: [tea, mug],
  surcharges: [carriage],
  totalMinor: 2050,
  placedAt: now,
  requestFingerprint: fingerprint,
};
export const confirmed: OrderEvent = { type: 'OrderConfirmed', orderId: id, confirmedAt: now };
export const cancelled: OrderEvent = { type: 'OrderCancelled', orderId: id, reason: 'requested-by-customer', cancelledAt: now };

export const shipped = (
  shipmentId: string,
  quantities: readonly [line: OrderLine, quantity: number][],
  captureMinor: number,
): OrderEvent => ({
  type: 'OrderLinesShipped',
  orderId: id,
  shipmentId,
  lines: quantities.map(([line, quantity]) => ({ lineNumber: line.lineNumber, sku: line.sku, quantity })),
  captureMinor,
  shippedAt: now,
});

export const returned = (
  returnId: string,
  quantities: readonly [line: OrderLine, quantity: number][],
  refundMinor: number,
): OrderEvent => ({
  type: 'OrderLinesReturned',
  orderId: id,
  returnId,
  lines: quantities.map(([line, quantity]) => ({ lineNumber: line.lineNumber, sku: line.sku, quantity })),
  refundMinor,
  returnedAt: now,
});

export const cancel = (reason: CommandOf<'CancelOrder'>['reason'] = 'requested-by-customer'): OrderCommand => ({
  type: 'CancelOrder',
  orderId: id,
  reason,
  now,
});
export const confirm: OrderCommand = { type: 'ConfirmOrder', orderId: id, now };

export const ship = (shipmentId: string, ...quantities: readonly (readonly [lineNumber: number, quantity: number])[]): OrderCommand => ({
  type: 'ShipLines',
  orderId: id,
  shipmentId,
  lines: quantities.map(([lineNumber, quantity]) => ({ lineNumber, quantity })),
  now,
});

export const takeBack = (returnId: string, ...quantities: readonly (readonly [lineNumber: number, quantity: number])[]): OrderCommand => ({
  type: 'ReturnLines',
  orderId: id,
  returnId,
  lines: quantities.map(([lineNumber, quantity]) => ({ lineNumber, quantity })),
  now,
});
