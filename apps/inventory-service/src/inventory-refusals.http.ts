import type { InventoryRefusal } from './domain/inventory.refusals.ts';
import { type ProblemError, type Refusal, refusalProblem } from '#service-kit';

/** The one place where a refusal of the inventory service meets HTTP. Those of a reservation's life reach no client. */
export const inventoryRefusalStatus: Readonly<Record<InventoryRefusal['code'], number>> = {
  'stock-not-available': 422,
  'receipt-id-reused': 422,
  'adjustment-id-reused': 422,
  'quantity-too-large': 422,
  'listed-later': 409,
  'line-missing': 422,
  'nothing-reserved': 409,
  'more-than-reserved': 409,
  'more-than-shipped': 409,
};

/** Codes under which the API knows a refusal, where its own name is of no use to a client. */
const publicCode: Readonly<Record<string, string>> = {
  'receipt-id-reused': 'idempotency-key-reused',
  'adjustment-id-reused': 'idempotency-key-reused',
};

function messageOf(refusal: Refusal): string {
  if (typeof refusal['available'] === 'number') return `only ${refusal['available']} available`;
  if (typeof refusal['quantityMax'] === 'number') return `at most ${refusal['quantityMax']}`;
  return refusal.code.replaceAll('-', ' ');
}

/** `field`: where in the request the refused entry stands. A code that nobody foresaw here is still a refusal: 409. */
export const inventoryRefusalProblem =
  (field: string) =>
  (refusal: Refusal): ProblemError => {
    const status = (inventoryRefusalStatus as Readonly<Record<string, number>>)[refusal.code] ?? 409;
    return refusalProblem(publicCode[refusal.code] ?? refusal.code, status, { errors: [{ field, message: messageOf(refusal) }] });
  };
