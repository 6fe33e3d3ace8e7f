import { z } from 'zod';
import { amountMinorSchema, currencySchema, regionSchema, skuSchema } from '../values.ts';
import { pageAnswerFields, pageQueryFields, readAnswerFields } from './read-answers.ts';
import { consistencyTokenHeader, type Route } from './route.ts';

export const productReadSchema = z.object({
  sku: skuSchema,
  name: z.string(),
  unitPriceMinor: amountMinorSchema,
  currency: currencySchema,
});
export type ProductRead = Readonly<z.infer<typeof productReadSchema>>;

export const productAnswerSchema = productReadSchema.extend(readAnswerFields);
export type ProductAnswer = Readonly<z.infer<typeof productAnswerSchema>>;

export const listProductsQuerySchema = z.strictObject(pageQueryFields);
export type ListProductsQuery = Readonly<z.infer<typeof listProductsQuerySchema>>;

/** In order of sku, by code units. */
export const productListAnswerSchema = z.object({ products: z.array(productReadSchema), ...pageAnswerFields, ...readAnswerFields });
export type ProductListAnswer = Readonly<z.infer<typeof productListAnswerSchema>>;

const units = z.int();

/** Units of one sku; available + reserved + shipped + sent = received + adjusted + arrived. `shipped` is net of what came back. */
export const stockUnitsSchema = z.object({
  available: units,
  reserved: units,
  shipped: units,
  received: units,
  adjusted: units,
  /** Sent to, and arrived from, other regions' pools. */
  sent: units,
  arrived: units,
});
export type StockUnits = Readonly<z.infer<typeof stockUnitsSchema>>;

export const availabilityAnswerSchema = z.object({
  sku: skuSchema,
  pools: z.array(stockUnitsSchema.extend({ region: regionSchema })),
  /** Sums over the pools; `inTransit`: sent by one and not arrived in another yet. */
  total: stockUnitsSchema.extend({ inTransit: units }),
  ...readAnswerFields,
});
export type AvailabilityAnswer = Readonly<z.infer<typeof availabilityAnswerSchema>>;

const skuParams = z.strictObject({ sku: skuSchema });

export const productReadRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/products',
    operationId: 'listProducts',
    tag: 'products',
    access: 'public',
    summary: 'The catalogue, in order of sku',
    headers: [consistencyTokenHeader],
    query: listProductsQuerySchema,
    answers: { 200: { description: 'One page', schema: productListAnswerSchema } },
    problems: ['consistency-unreached'],
  },
  {
    method: 'get',
    path: '/v1/products/{sku}',
    operationId: 'getProduct',
    tag: 'products',
    access: 'public',
    summary: 'One product',
    headers: [consistencyTokenHeader],
    params: skuParams,
    answers: { 200: { description: 'The product', schema: productAnswerSchema } },
    problems: ['not-found', 'consistency-unreached'],
  },
  {
    method: 'get',
    path: '/v1/products/{sku}/availability',
    operationId: 'getAvailability',
    tag: 'products',
    access: 'public',
    summary: 'Units of a sku, by pool and in total',
    headers: [consistencyTokenHeader],
    params: skuParams,
    answers: { 200: { description: 'Its stock; all zero without any', schema: availabilityAnswerSchema } },
    problems: ['not-found', 'consistency-unreached'],
  },
];
