import { z } from 'zod';
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

/** Commands of the inventory service. The shard's home is the region of the pool; every sku of a command is in its partition. */
export const inventoryCommandSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ReceiveStock'), receiptId: operationIdSchema, sku: skuSchema, quantity: quantitySchema, now: instantSchema }),
  z.object({
    type: z.literal('AdjustStock'),
    adjustmentId: operationIdSchema,
    sku: skuSchema,
    quantityDelta: z.int().min(-1_000_000).max(1_000_000),
    reason: z.string().max(200),
    now: instantSchema,
  }),
  /** `askRegions`: the other pools' regions, in the order in which to ask them when this pool is short. */
  z.object({ type: z.literal('ReserveStock'), orderId: orderIdSchema, lines, askRegions: z.array(regionSchema), now: instantSchema }),
  /** `lines`: all that the order could hold in this shard, so that the pools are loaded; what is released is what is held. */
  z.object({ type: z.literal('ReleaseStock'), orderId: orderIdSchema, lines, now: instantSchema }),
  /** Stops waiting for transfers: decides the reservation with what is in the pools now. */
  z.object({ type: z.literal('StopAwaitingStock'), orderId: orderIdSchema, lines, now: instantSchema }),
  z.object({ type: z.literal('ShipStock'), orderId: orderIdSchema, shipmentId: operationIdSchema, lines, now: instantSchema }),
  z.object({ type: z.literal('RestockStock'), orderId: orderIdSchema, returnId: operationIdSchema, lines, now: instantSchema }),
  /** To the sender's shard: give `quantity` units, or refuse. */
  z.object({
    type: z.literal('SendTransfer'),
    transferId: operationIdSchema,
    sku: skuSchema,
    quantity: quantitySchema,
    to: regionSchema,
    now: instantSchema,
  }),
  /** To the receiver's shard: what was sent (0: refused) for the reservation of `orderId`, whose lines in this shard are `lines`. */
  z.object({
    type: z.literal('ReceiveTransfer'),
    transferId: operationIdSchema,
    orderId: orderIdSchema,
    sku: skuSchema,
    quantity: z.int().min(0),
    from: regionSchema,
    lines,
    now: instantSchema,
  }),
  z.object({
    type: z.literal('ListProduct'),
    sku: skuSchema,
    name: z.string().min(1).max(200),
    unitPriceMinor: amountMinorSchema,
    currency: currencySchema,
    now: instantSchema,
  }),
]);
export type InventoryCommand = Readonly<z.infer<typeof inventoryCommandSchema>>;
