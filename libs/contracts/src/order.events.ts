import { z } from 'zod';
import { defineEvents } from './events.ts';
import {
  amountMinorSchema,
  currencySchema,
  customerIdSchema,
  instantSchema,
  lineQuantitySchema,
  operationIdSchema,
  orderIdSchema,
  quantitySchema,
  skuSchema,
} from './values.ts';

export const orderLineSchema = z.object({
  lineNumber: z.int().min(1),
  sku: skuSchema,
  name: z.string(),
  quantity: quantitySchema,
  unitPriceMinor: amountMinorSchema,
});
export type OrderLine = Readonly<z.infer<typeof orderLineSchema>>;

/** A charge that is no good: carriage, a bank charge. Captured with the first shipment, never returned to stock. */
export const surchargeSchema = z.object({
  code: z.string().min(1).max(64),
  description: z.string().max(200),
  amountMinor: amountMinorSchema,
});
export type Surcharge = Readonly<z.infer<typeof surchargeSchema>>;

export const cancelReasonSchema = z.enum(['requested-by-customer', 'out-of-stock', 'payment-declined', 'expired']);
export type CancelReason = z.infer<typeof cancelReasonSchema>;

/** Shard: (order, home of the customer, partition of the order id). Stream and key: the order id. */
export const orderEvents = defineEvents({
  OrderPlaced: {
    1: z.object({
      orderId: orderIdSchema,
      customerId: customerIdSchema,
      currency: currencySchema,
      lines: z.array(orderLineSchema).min(1),
      surcharges: z.array(surchargeSchema),
      /** Sum of lines and surcharges. */
      totalMinor: amountMinorSchema,
      placedAt: instantSchema,
      /** SHA-256, hex, of what the client asked for: tells a retry from a key that is used again. */
      requestFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  },
  OrderConfirmed: { 1: z.object({ orderId: orderIdSchema, confirmedAt: instantSchema }) },
  OrderCancelled: { 1: z.object({ orderId: orderIdSchema, reason: cancelReasonSchema, cancelledAt: instantSchema }) },
  OrderLinesShipped: {
    1: z.object({
      orderId: orderIdSchema,
      shipmentId: operationIdSchema,
      lines: z.array(lineQuantitySchema.extend({ sku: skuSchema })).min(1),
      /** What is to be captured for this shipment: its lines, and on the first shipment the surcharges. */
      captureMinor: amountMinorSchema,
      shippedAt: instantSchema,
    }),
  },
  OrderLinesReturned: {
    1: z.object({
      orderId: orderIdSchema,
      returnId: operationIdSchema,
      lines: z.array(lineQuantitySchema.extend({ sku: skuSchema })).min(1),
      refundMinor: amountMinorSchema,
      returnedAt: instantSchema,
    }),
  },
});
export type OrderEvent = typeof orderEvents.Event;
