import { z } from 'zod';
import { defineEvents } from './events.ts';
import { amountMinorSchema, currencySchema, customerIdSchema, instantSchema, operationIdSchema, orderIdSchema } from './values.ts';

/** Shard: (payment, home of the customer, partition of the order id). Stream and key: `payment:<orderId>`. One payment per order. */
export const paymentEvents = defineEvents({
  PaymentAuthorizationRequested: {
    1: z.object({
      orderId: orderIdSchema,
      customerId: customerIdSchema,
      amountMinor: amountMinorSchema,
      currency: currencySchema,
      requestedAt: instantSchema,
    }),
  },
  PaymentAuthorized: { 1: z.object({ orderId: orderIdSchema, authorizationId: z.string().min(1), authorizedAt: instantSchema }) },
  PaymentDeclined: { 1: z.object({ orderId: orderIdSchema, reason: z.string(), declinedAt: instantSchema }) },
  PaymentVoidRequested: { 1: z.object({ orderId: orderIdSchema, requestedAt: instantSchema }) },
  PaymentVoided: { 1: z.object({ orderId: orderIdSchema, voidedAt: instantSchema }) },
  PaymentCaptureRequested: {
    1: z.object({
      orderId: orderIdSchema,
      captureId: operationIdSchema,
      amountMinor: amountMinorSchema,
      currency: currencySchema,
      requestedAt: instantSchema,
    }),
  },
  PaymentCaptured: {
    1: z.object({ orderId: orderIdSchema, captureId: operationIdSchema, amountMinor: amountMinorSchema, capturedAt: instantSchema }),
  },
  PaymentCaptureRefused: {
    1: z.object({ orderId: orderIdSchema, captureId: operationIdSchema, reason: z.string(), refusedAt: instantSchema }),
  },
  PaymentRefundRequested: {
    1: z.object({
      orderId: orderIdSchema,
      refundId: operationIdSchema,
      amountMinor: amountMinorSchema,
      currency: currencySchema,
      requestedAt: instantSchema,
    }),
  },
  PaymentRefunded: {
    1: z.object({ orderId: orderIdSchema, refundId: operationIdSchema, amountMinor: amountMinorSchema, refundedAt: instantSchema }),
  },
  PaymentRefundRefused: {
    1: z.object({ orderId: orderIdSchema, refundId: operationIdSchema, reason: z.string(), refusedAt: instantSchema }),
  },
});
export type PaymentEvent = typeof paymentEvents.Event;
