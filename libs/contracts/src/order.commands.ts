import { z } from 'zod';
import { cancelReasonSchema, orderLineSchema, surchargeSchema } from './order.events.ts';
import { currencySchema, customerIdSchema, instantSchema, lineQuantitySchema, operationIdSchema, orderIdSchema } from './values.ts';

const requestFingerprintSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Commands of the order service. `now` is the sender's clock; prices were looked up by the controller. */
export const orderCommandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('PlaceOrder'),
    orderId: orderIdSchema,
    customerId: customerIdSchema,
    currency: currencySchema,
    lines: z.array(orderLineSchema).min(1),
    surcharges: z.array(surchargeSchema),
    requestFingerprint: requestFingerprintSchema,
    now: instantSchema,
  }),
  /** Has this request placed the order before? Changes nothing: for a request that cannot be priced (any more). */
  z.object({ type: z.literal('RecallOrder'), orderId: orderIdSchema, requestFingerprint: requestFingerprintSchema, now: instantSchema }),
  z.object({ type: z.literal('ConfirmOrder'), orderId: orderIdSchema, now: instantSchema }),
  z.object({ type: z.literal('CancelOrder'), orderId: orderIdSchema, reason: cancelReasonSchema, now: instantSchema }),
  z.object({
    type: z.literal('ShipLines'),
    orderId: orderIdSchema,
    shipmentId: operationIdSchema,
    lines: z.array(lineQuantitySchema).min(1),
    now: instantSchema,
  }),
  z.object({
    type: z.literal('ReturnLines'),
    orderId: orderIdSchema,
    returnId: operationIdSchema,
    lines: z.array(lineQuantitySchema).min(1),
    now: instantSchema,
  }),
]);
export type OrderCommand = Readonly<z.infer<typeof orderCommandSchema>>;
