import { z } from 'zod';
import { surchargeSchema } from '../order.events.ts';
import {
  amountMinorSchema,
  currencySchema,
  customerIdSchema,
  lineQuantitySchema,
  operationIdSchema,
  orderIdSchema,
  skuSchema,
} from '../values.ts';
import { idempotencyKeyHeader, onBehalfOfHeader, preferHeader, type Route } from './route.ts';
import { writeAnswerFields } from './write-answers.ts';

export const orderLinesMax = 2_000;
export const orderQuantityMax = 100_000;

const wantedLineSchema = z.strictObject({
  sku: skuSchema,
  quantity: z.int().min(1).max(orderQuantityMax),
  /** Importers only: the price at which the order was once placed. Everybody else pays the catalogue's. */
  unitPriceMinor: amountMinorSchema.optional(),
});

export const placeOrderBodySchema = z.strictObject({
  /** In the order in which they are numbered, from 1. A sku may stand in several. */
  lines: z.array(wantedLineSchema).min(1).max(orderLinesMax),
  /** If given, the catalogue's prices must be in it. */
  currency: currencySchema.optional(),
  /** Importers only. */
  surcharges: z.array(surchargeSchema).max(100).optional(),
  /** Importers only: whose order it is. */
  customerId: customerIdSchema.optional(),
});
export type PlaceOrderBody = Readonly<z.infer<typeof placeOrderBodySchema>>;

export const orderWriteStatusSchema = z.enum(['queued', 'pending', 'confirmed', 'cancelled']);

export const placeOrderAnswerSchema = z.object({
  orderId: orderIdSchema,
  /** `queued`: nothing is decided yet. `pending`: placed; stock and payment follow. */
  status: orderWriteStatusSchema,
  ...writeAnswerFields,
});
export type PlaceOrderAnswer = Readonly<z.infer<typeof placeOrderAnswerSchema>>;

export const orderParamsSchema = z.strictObject({ orderId: orderIdSchema });

const movedLinesSchema = z.array(z.strictObject(lineQuantitySchema.shape)).min(1).max(orderLinesMax);

export const shipLinesBodySchema = z.strictObject({ lines: movedLinesSchema });
export type ShipLinesBody = Readonly<z.infer<typeof shipLinesBodySchema>>;
export const returnLinesBodySchema = z.strictObject({ lines: movedLinesSchema });
export type ReturnLinesBody = Readonly<z.infer<typeof returnLinesBodySchema>>;

export const orderWriteAnswerSchema = z.object({ orderId: orderIdSchema, ...writeAnswerFields });
export type OrderWriteAnswer = Readonly<z.infer<typeof orderWriteAnswerSchema>>;
export const shipLinesAnswerSchema = orderWriteAnswerSchema.extend({ shipmentId: operationIdSchema });
export type ShipLinesAnswer = Readonly<z.infer<typeof shipLinesAnswerSchema>>;
export const returnLinesAnswerSchema = orderWriteAnswerSchema.extend({ returnId: operationIdSchema });
export type ReturnLinesAnswer = Readonly<z.infer<typeof returnLinesAnswerSchema>>;

export const orderWriteRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/orders',
    operationId: 'placeOrder',
    tag: 'orders',
    access: 'customer',
    summary: 'Place an order',
    description: 'Answers once the order is settled. 201 when this request placed it, 200 when an earlier one with the same key had.',
    headers: [idempotencyKeyHeader, preferHeader],
    body: placeOrderBodySchema,
    answers: {
      200: { description: 'An earlier request with this key placed the order', schema: placeOrderAnswerSchema },
      201: { description: 'Placed', schema: placeOrderAnswerSchema },
      202: { description: 'Queued (`Prefer: respond-async`)', schema: placeOrderAnswerSchema },
    },
    problems: ['idempotency-key-required', 'idempotency-key-reused', 'unknown-sku', 'currency-mismatch', 'outcome-unknown'],
  },
  {
    method: 'post',
    path: '/v1/orders/{orderId}/cancellation',
    operationId: 'cancelOrder',
    tag: 'orders',
    access: 'customer',
    summary: 'Cancel an order of which nothing is shipped',
    headers: [idempotencyKeyHeader, onBehalfOfHeader],
    params: orderParamsSchema,
    answers: { 200: { description: 'Cancelled, now or before', schema: orderWriteAnswerSchema } },
    problems: ['idempotency-key-required', 'order-not-found', 'order-already-shipped', 'outcome-unknown'],
  },
  {
    method: 'post',
    path: '/v1/orders/{orderId}/returns',
    operationId: 'returnLines',
    tag: 'orders',
    access: 'customer',
    summary: 'Return shipped units; they are refunded and go back to stock',
    headers: [idempotencyKeyHeader, onBehalfOfHeader],
    params: orderParamsSchema,
    body: returnLinesBodySchema,
    answers: { 200: { description: 'Returned, now or before', schema: returnLinesAnswerSchema } },
    problems: ['idempotency-key-required', 'idempotency-key-reused', 'order-not-found', 'outcome-unknown'],
  },
  {
    method: 'post',
    path: '/v1/orders/{orderId}/shipments',
    operationId: 'shipLines',
    tag: 'orders',
    access: 'operator',
    summary: 'Ship units of a confirmed order; what they are worth is captured',
    headers: [idempotencyKeyHeader, { ...onBehalfOfHeader, required: true }],
    params: orderParamsSchema,
    body: shipLinesBodySchema,
    answers: { 200: { description: 'Shipped, now or before', schema: shipLinesAnswerSchema } },
    problems: ['idempotency-key-required', 'idempotency-key-reused', 'order-not-found', 'outcome-unknown'],
  },
];
