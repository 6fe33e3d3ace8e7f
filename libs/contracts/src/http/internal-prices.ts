import { z } from 'zod';
import { amountMinorSchema, currencySchema, skuSchema } from '../values.ts';
import { orderLinesMax } from './orders.writes.ts';

/** Between services of one region, never through the edge: the order service asks inventory-service for the catalogue's prices. */
export const internalPricesPath = '/internal/prices';
export const internalPricesBodySchema = z.strictObject({
  skus: z.array(skuSchema).min(1).max(orderLinesMax),
});
export type InternalPricesBody = Readonly<z.infer<typeof internalPricesBodySchema>>;

/** Skus that are not in the catalogue are left out. */
export const internalPricesAnswerSchema = z.object({
  prices: z.array(z.object({ sku: skuSchema, name: z.string(), unitPriceMinor: amountMinorSchema, currency: currencySchema })),
});
export type InternalPricesAnswer = Readonly<z.infer<typeof internalPricesAnswerSchema>>;
