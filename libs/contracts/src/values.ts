import { z } from 'zod';
import type { CommandId, CustomerId, OrderId, Region, Sku } from './ids.ts';

/** Field shapes shared by events, commands and HTTP: one source for validation, types and documentation. */
const brandedText = <T extends string>(pattern: RegExp, description: string) =>
  z
    .string()
    .regex(pattern, description)
    .transform((text) => text as T);

export const skuSchema = brandedText<Sku>(
  /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/,
  'a sku: 1 to 64 letters, digits, blanks, dots, dashes or underscores',
);
export const customerIdSchema = brandedText<CustomerId>(/^(guest:)?[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a customer id, or guest:<id>');
/** `ord_` and 26 characters derived from (customer, idempotency key). */
export const orderIdSchema = brandedText<OrderId>(/^ord_[a-z2-7]{26}$/, 'an order id: ord_ and 26 base32 characters');
export const commandIdSchema = brandedText<CommandId>(/^[\x21-\x7e]{1,200}$/, 'a command id: 1 to 200 visible ASCII characters');
export const regionSchema = brandedText<Region>(/^[a-z][a-z0-9-]{0,30}$/, 'a region name');
/** Id of one operation inside a stream: a shipment, return, receipt, adjustment, transfer, capture, refund. */
export const operationIdSchema = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'an id: 1 to 200 visible ASCII characters');

/** ISO 4217, with the number of its minor digits fixed by that standard (GBP 2, JPY 0): we only ever count minor units. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 currency code');
/** Integer minor units (pence, cents): at most 10^12, so that sums stay exact. */
export const amountMinorSchema = z.int().min(0).max(1_000_000_000_000);
export const quantitySchema = z.int().min(1).max(1_000_000);
/** When, by the clock of whoever sent the command: UTC, ISO 8601. Never used for order or safety. */
export const instantSchema = z.iso.datetime();

export const skuQuantitySchema = z.object({ sku: skuSchema, quantity: quantitySchema });
export type SkuQuantity = Readonly<z.infer<typeof skuQuantitySchema>>;
/** Lines of an order are numbered from 1 in the order that the client sent them. */
export const lineQuantitySchema = z.object({ lineNumber: z.int().min(1), quantity: quantitySchema });
export type LineQuantity = Readonly<z.infer<typeof lineQuantitySchema>>;
