import { orderId, type OrderId, type Region, type Sku } from '#contracts';

/**
 * Id of the transfer of `sku` that the reservation of `order` asks of region `from`: each is asked once. Blanks, which skus may hold
 * and ids may not, become `+`, which skus do not hold.
 */
export const transferIdOf = (order: OrderId, sku: Sku, from: Region): string => `${order}:${sku.replaceAll(' ', '+')}:${from}`;

/** The order for which a transfer was asked. */
export const orderOfTransfer = (transferId: string): OrderId => orderId(transferId.slice(0, transferId.indexOf(':')));
