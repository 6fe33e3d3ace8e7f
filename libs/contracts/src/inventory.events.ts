import { z } from 'zod';
import { defineEvents } from './events.ts';
import {
  amountMinorSchema,
  currencySchema,
  instantSchema,
  operationIdSchema,
  orderIdSchema,
  quantitySchema,
  regionSchema,
  skuQuantitySchema,
  skuSchema,
} from './values.ts';

const lines = z.array(skuQuantitySchema).min(1);

/** A transfer that a reservation waits for: `quantity` units of `sku` are asked of region `from`'s pool. */
export const awaitedTransferSchema = z.object({
  transferId: operationIdSchema,
  sku: skuSchema,
  quantity: quantitySchema,
  from: regionSchema,
});
export type AwaitedTransfer = Readonly<z.infer<typeof awaitedTransferSchema>>;

/**
 * Shard: (inventory, region of the pool, partition of the sku). A reservation has one part per shard, with the lines that fall
 * into it. Streams, all inside one shard: `pool:<sku>`, `reservation:<orderId>`, `receipt:<receiptId>`,
 * `adjustment:<adjustmentId>`, `transfer:<transferId>`, `product:<sku>` (in the catalogue region's shards only).
 */
export const inventoryEvents = defineEvents({
  StockReceived: { 1: z.object({ receiptId: operationIdSchema, sku: skuSchema, quantity: quantitySchema, receivedAt: instantSchema }) },
  /** Counted again: written off (negative) or found (positive). */
  StockAdjusted: {
    1: z.object({
      adjustmentId: operationIdSchema,
      sku: skuSchema,
      quantityDelta: z.int().min(-1_000_000).max(1_000_000),
      reason: z.string().max(200),
      adjustedAt: instantSchema,
    }),
  },
  StockReserved: { 1: z.object({ orderId: orderIdSchema, lines, reservedAt: instantSchema }) },
  /**
   * The pools of this shard cannot fill the lines; nothing is held while another region's pools are asked, one region a round. When
   * every transfer of the round is answered and the lines are still short, `nextRegions` (absent: none) are asked in turn.
   */
  StockAwaited: {
    1: z.object({
      orderId: orderIdSchema,
      lines,
      transfers: z.array(awaitedTransferSchema).min(1),
      nextRegions: z.array(regionSchema).optional(),
      awaitedAt: instantSchema,
    }),
  },
  StockRejected: {
    1: z.object({ orderId: orderIdSchema, lines, shortSkus: z.array(skuSchema).min(1), rejectedAt: instantSchema }),
  },
  /** Ends a reservation. `lines` is what went back to the pools; empty when nothing was held: then it is a tombstone. */
  StockReleased: { 1: z.object({ orderId: orderIdSchema, lines: z.array(skuQuantitySchema), releasedAt: instantSchema }) },
  StockShipped: { 1: z.object({ orderId: orderIdSchema, shipmentId: operationIdSchema, lines, shippedAt: instantSchema }) },
  StockRestocked: { 1: z.object({ orderId: orderIdSchema, returnId: operationIdSchema, lines, restockedAt: instantSchema }) },
  /** In the sender's shard: the units leave its pool and are in transit, in nobody's. */
  StockTransferSent: {
    1: z.object({ transferId: operationIdSchema, sku: skuSchema, quantity: quantitySchema, to: regionSchema, sentAt: instantSchema }),
  },
  /** In the sender's shard: it has too little itself. */
  StockTransferRefused: { 1: z.object({ transferId: operationIdSchema, sku: skuSchema, to: regionSchema, refusedAt: instantSchema }) },
  /** In the receiver's shard: the answer to an awaited transfer; 0 when it was refused. */
  StockTransferReceived: {
    1: z.object({
      transferId: operationIdSchema,
      orderId: orderIdSchema,
      sku: skuSchema,
      quantity: z.int().min(0),
      from: regionSchema,
      receivedAt: instantSchema,
    }),
  },
  ProductListed: {
    1: z.object({
      sku: skuSchema,
      name: z.string().min(1).max(200),
      unitPriceMinor: amountMinorSchema,
      currency: currencySchema,
      listedAt: instantSchema,
    }),
  },
  ProductRenamed: { 1: z.object({ sku: skuSchema, name: z.string().min(1).max(200), renamedAt: instantSchema }) },
  ProductRepriced: {
    1: z.object({ sku: skuSchema, unitPriceMinor: amountMinorSchema, currency: currencySchema, repricedAt: instantSchema }),
  },
});
export type InventoryEvent = typeof inventoryEvents.Event;
