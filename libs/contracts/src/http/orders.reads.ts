import { z } from 'zod';
import { cancelReasonSchema, surchargeSchema } from '../order.events.ts';
import { amountMinorSchema, currencySchema, customerIdSchema, orderIdSchema, quantitySchema, regionSchema, skuSchema } from '../values.ts';
import { pageAnswerFields, pageQueryFields, readAnswerFields } from './read-answers.ts';
import { consistencyTokenHeader, onBehalfOfHeader, type Route } from './route.ts';

export const orderStatusSchema = z.enum(['pending', 'confirmed', 'cancelled']);
export type OrderStatus = z.infer<typeof orderStatusSchema>;
export const fulfilmentSchema = z.enum(['open', 'partly-shipped', 'shipped']);
export type Fulfilment = z.infer<typeof fulfilmentSchema>;

const count = z.int().min(0);

export const orderSummarySchema = z.object({
  orderId: orderIdSchema,
  customerId: customerIdSchema,
  homeRegion: regionSchema,
  status: orderStatusSchema,
  fulfilment: fulfilmentSchema,
  currency: currencySchema,
  totalMinor: amountMinorSchema,
  /** What the shipments so far are worth, and what the returns so far give back. */
  shippedMinor: amountMinorSchema,
  returnedMinor: amountMinorSchema,
  unitsOrdered: count,
  unitsShipped: count,
  unitsReturned: count,
  placedAt: z.string(),
  confirmedAt: z.string().nullable(),
  cancelledAt: z.string().nullable(),
  cancelReason: cancelReasonSchema.nullable(),
});
export type OrderSummary = Readonly<z.infer<typeof orderSummarySchema>>;

export const orderReadLineSchema = z.object({
  lineNumber: z.int().min(1),
  sku: skuSchema,
  name: z.string(),
  quantity: quantitySchema,
  unitPriceMinor: amountMinorSchema,
  shipped: count,
  returned: count,
});
export type OrderReadLine = Readonly<z.infer<typeof orderReadLineSchema>>;

export const orderAnswerSchema = orderSummarySchema.extend({
  lines: z.array(orderReadLineSchema),
  surcharges: z.array(surchargeSchema),
  ...readAnswerFields,
});
export type OrderAnswer = Readonly<z.infer<typeof orderAnswerSchema>>;

export const listOrdersQuerySchema = z.strictObject({ status: orderStatusSchema.optional(), ...pageQueryFields });
export type ListOrdersQuery = Readonly<z.infer<typeof listOrdersQuerySchema>>;

/** Newest first. */
export const orderListAnswerSchema = z.object({ orders: z.array(orderSummarySchema), ...pageAnswerFields, ...readAnswerFields });
export type OrderListAnswer = Readonly<z.infer<typeof orderListAnswerSchema>>;

export const orderReadRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/orders/{orderId}',
    operationId: 'getOrder',
    tag: 'orders',
    access: 'customer',
    summary: 'One order with its lines',
    description: 'Of the caller; operators and importers may read any.',
    headers: [consistencyTokenHeader],
    params: z.strictObject({ orderId: orderIdSchema }),
    answers: { 200: { description: 'The order', schema: orderAnswerSchema } },
    problems: ['order-not-found', 'consistency-unreached'],
  },
  {
    method: 'get',
    path: '/v1/orders',
    operationId: 'listOrders',
    tag: 'orders',
    access: 'customer',
    summary: "A customer's orders, newest first",
    headers: [consistencyTokenHeader, onBehalfOfHeader],
    query: listOrdersQuerySchema,
    answers: { 200: { description: 'One page', schema: orderListAnswerSchema } },
    problems: ['consistency-unreached'],
  },
];
