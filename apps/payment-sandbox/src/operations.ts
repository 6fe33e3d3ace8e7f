import { z } from 'zod';

/** What a merchant asks of the sandbox. `reference` is the merchant's own id of the payment: Evenkeel sends the order id. */
const reference = z.string().min(1).max(200);
const amountMinor = z.int().min(0).max(1_000_000_000_000);
const currency = z.string().regex(/^[A-Z]{3}$/);

export const operationSchemas = {
  authorize: z.strictObject({ reference, customerId: z.string().min(1).max(200), amountMinor, currency }),
  capture: z.strictObject({ reference, amountMinor, currency }),
  void: z.strictObject({ reference }),
  refund: z.strictObject({ reference, amountMinor, currency }),
};
export type OperationKind = keyof typeof operationSchemas;
export const operationKinds = Object.keys(operationSchemas) as readonly OperationKind[];

export type Operation = { [K in OperationKind]: { readonly kind: K } & Readonly<z.infer<(typeof operationSchemas)[K]>> }[OperationKind];

export const answerSchema = z.discriminatedUnion('outcome', [
  /** `id` names this authorization, capture, void or refund at the provider. */
  z.object({ outcome: z.literal('approved'), id: z.string() }),
  z.object({ outcome: z.literal('declined'), reason: z.string() }),
]);
export type OperationAnswer = Readonly<z.infer<typeof answerSchema>>;

/** One line of the journal: what was asked under a key, and what was answered for ever. */
export const entrySchema = z.object({ key: z.string(), request: z.string(), operation: z.custom<Operation>(), answer: answerSchema });
export type Entry = Readonly<z.infer<typeof entrySchema>>;
