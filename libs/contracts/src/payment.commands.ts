import { z } from 'zod';
import { amountMinorSchema, currencySchema, customerIdSchema, instantSchema, operationIdSchema, orderIdSchema } from './values.ts';

const about = { orderId: orderIdSchema, now: instantSchema };
const money = { amountMinor: amountMinorSchema, currency: currencySchema };

/** Commands of the payment service. `Record…` commands carry the provider's answer to an intent that stands in the log. */
export const paymentCommandSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('AuthorizePayment'), ...about, customerId: customerIdSchema, ...money }),
  z.object({ type: z.literal('VoidPayment'), ...about }),
  z.object({ type: z.literal('CapturePayment'), ...about, captureId: operationIdSchema, ...money }),
  z.object({ type: z.literal('RefundPayment'), ...about, refundId: operationIdSchema, ...money }),
  z.object({ type: z.literal('RecordAuthorized'), ...about, authorizationId: z.string().min(1) }),
  z.object({ type: z.literal('RecordDeclined'), ...about, reason: z.string() }),
  z.object({ type: z.literal('RecordVoided'), ...about }),
  z.object({ type: z.literal('RecordCaptured'), ...about, captureId: operationIdSchema }),
  z.object({ type: z.literal('RecordCaptureRefused'), ...about, captureId: operationIdSchema, reason: z.string() }),
  z.object({ type: z.literal('RecordRefunded'), ...about, refundId: operationIdSchema }),
  z.object({ type: z.literal('RecordRefundRefused'), ...about, refundId: operationIdSchema, reason: z.string() }),
]);
export type PaymentCommand = Readonly<z.infer<typeof paymentCommandSchema>>;
