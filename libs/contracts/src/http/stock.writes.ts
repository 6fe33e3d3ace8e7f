import { z } from 'zod';
import { amountMinorSchema, currencySchema, quantitySchema, regionSchema, skuSchema } from '../values.ts';
import { idempotencyKeyHeader, type Route } from './route.ts';
import { writeAnswerFields } from './write-answers.ts';

export const bulkItemsMax = 1_000;

/** The position of the first item whose sku an earlier one has, or -1. */
const repeatedAt = (items: readonly { readonly sku: string }[]): number => {
  const seen = new Set<string>();
  return items.findIndex(({ sku }) => seen.size === seen.add(sku).size);
};

/** Each sku once: two entries for one sku would race each other. */
const eachSkuOnce = (field: string) => (context: z.core.ParsePayload<readonly { readonly sku: string }[]>) => {
  const at = repeatedAt(context.value);
  if (at >= 0)
    context.issues.push({ code: 'custom', path: [at, 'sku'], message: `is in an earlier entry of ${field}`, input: context.value });
};

const productSchema = z.strictObject({
  sku: skuSchema,
  name: z.string().min(1).max(200),
  unitPriceMinor: amountMinorSchema,
  currency: currencySchema,
});

export const importProductsBodySchema = z.strictObject({
  products: z.array(productSchema).min(1).max(bulkItemsMax).check(eachSkuOnce('products')),
});
export type ImportProductsBody = Readonly<z.infer<typeof importProductsBodySchema>>;

export const receiveStockBodySchema = z.strictObject({
  /** Whose pool it goes to. */
  region: regionSchema,
  items: z
    .array(z.strictObject({ sku: skuSchema, quantity: quantitySchema }))
    .min(1)
    .max(bulkItemsMax)
    .check(eachSkuOnce('items')),
});
export type ReceiveStockBody = Readonly<z.infer<typeof receiveStockBodySchema>>;

export const adjustStockBodySchema = z.strictObject({
  sku: skuSchema,
  region: regionSchema,
  /** Negative: written off. Positive: found. */
  quantityDelta: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .refine((delta) => delta !== 0, 'an adjustment by nothing'),
  reason: z.string().min(1).max(200),
});
export type AdjustStockBody = Readonly<z.infer<typeof adjustStockBodySchema>>;

/** `count`: entries that hold now, whether by this request or an earlier one with the same key. */
export const bulkWriteAnswerSchema = z.object({ count: z.int().min(1), ...writeAnswerFields });
export type BulkWriteAnswer = Readonly<z.infer<typeof bulkWriteAnswerSchema>>;
export const adjustStockAnswerSchema = z.object({ adjustmentId: z.string(), ...writeAnswerFields });
export type AdjustStockAnswer = Readonly<z.infer<typeof adjustStockAnswerSchema>>;

const bulkNote =
  'Entries are decided one by one. After a problem (422, 504) some may hold: ask again with the same key and body, none is done twice.';

export const stockWriteRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/products/import',
    operationId: 'importProducts',
    tag: 'products',
    access: 'operator',
    summary: 'List products, or change their names and prices',
    description: bulkNote,
    headers: [idempotencyKeyHeader],
    body: importProductsBodySchema,
    answers: { 200: { description: 'All are listed so', schema: bulkWriteAnswerSchema } },
    problems: ['idempotency-key-required', 'not-processable', 'outcome-unknown'],
  },
  {
    method: 'post',
    path: '/v1/stock/receipts',
    operationId: 'receiveStock',
    tag: 'stock',
    access: 'operator',
    summary: "Receive stock into one region's pools",
    description: bulkNote,
    headers: [idempotencyKeyHeader],
    body: receiveStockBodySchema,
    answers: { 200: { description: 'All are received', schema: bulkWriteAnswerSchema } },
    problems: ['idempotency-key-required', 'idempotency-key-reused', 'not-processable', 'outcome-unknown'],
  },
  {
    method: 'post',
    path: '/v1/stock/adjustments',
    operationId: 'adjustStock',
    tag: 'stock',
    access: 'operator',
    summary: 'Write units of a pool off, or add units that were found',
    headers: [idempotencyKeyHeader],
    body: adjustStockBodySchema,
    answers: { 200: { description: 'Adjusted, now or before', schema: adjustStockAnswerSchema } },
    problems: ['idempotency-key-required', 'idempotency-key-reused', 'not-processable', 'outcome-unknown'],
  },
];
