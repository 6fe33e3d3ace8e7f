import { z } from 'zod';
import { amountMinorSchema, currencySchema, customerIdSchema, orderIdSchema, regionSchema } from '../values.ts';
import { readAnswerFields } from './read-answers.ts';
import { consistencyTokenHeader, type Route } from './route.ts';

export const paymentStatusSchema = z.enum(['authorizing', 'authorized', 'declined', 'voiding', 'voided']);
export type PaymentStatus = z.infer<typeof paymentStatusSchema>;

const count = z.int().min(0);

export const paymentAnswerSchema = z.object({
  orderId: orderIdSchema,
  customerId: customerIdSchema,
  homeRegion: regionSchema,
  status: paymentStatusSchema,
  currency: currencySchema,
  requestedMinor: amountMinorSchema,
  authorizedMinor: amountMinorSchema,
  capturedMinor: amountMinorSchema,
  refundedMinor: amountMinorSchema,
  /** Asked of the provider and not answered yet. */
  capturesOutstanding: count,
  refundsOutstanding: count,
  /** Refused by the provider. */
  capturesRefused: count,
  refundsRefused: count,
  declineReason: z.string().nullable(),
  requestedAt: z.string(),
  ...readAnswerFields,
});
export type PaymentAnswer = Readonly<z.infer<typeof paymentAnswerSchema>>;

export const paymentReadRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/payments/{orderId}',
    operationId: 'getPayment',
    tag: 'orders',
    access: 'customer',
    summary: 'The payment of an order',
    description: 'Of the caller; operators and importers may read any.',
    headers: [consistencyTokenHeader],
    params: z.strictObject({ orderId: orderIdSchema }),
    answers: { 200: { description: 'The payment', schema: paymentAnswerSchema } },
    problems: ['not-found', 'consistency-unreached'],
  },
];
