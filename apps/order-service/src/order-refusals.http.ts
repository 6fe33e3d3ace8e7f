import type { FieldError } from '#contracts';
import { type ProblemError, type Refusal, refusalProblem } from '#service-kit';
import type { OrderRefusal } from './domain/order.refusals.ts';

/** The one place where a refusal of the order service meets HTTP. */
export const orderRefusalStatus: Readonly<Record<OrderRefusal['code'], number>> = {
  'order-not-found': 404,
  'idempotency-key-reused': 422,
  'total-too-large': 422,
  'quantity-too-large': 422,
  'line-number-repeated': 422,
  'order-not-confirmed': 409,
  'order-cancelled': 409,
  'order-already-shipped': 409,
  'line-not-found': 422,
  'more-than-ordered': 422,
  'more-than-shipped': 422,
  'shipment-id-reused': 422,
  'return-id-reused': 422,
};

/** Codes under which the API knows a refusal, where its own name is of no use to a client. */
const publicCode: Readonly<Record<string, string>> = {
  'shipment-id-reused': 'idempotency-key-reused',
  'return-id-reused': 'idempotency-key-reused',
};

type RequestLine = Readonly<{ lineNumber?: number; sku?: string }>;

function fieldErrorsOf(refusal: Refusal, lines: readonly RequestLine[]): readonly FieldError[] {
  const max = typeof refusal['quantityMax'] === 'number' ? `at most ${refusal['quantityMax']}` : undefined;
  if (typeof refusal['lineNumber'] === 'number') {
    const at = lines.findIndex(({ lineNumber }) => lineNumber === refusal['lineNumber']);
    const field = at < 0 ? 'lines' : max === undefined ? `lines[${at}].lineNumber` : `lines[${at}].quantity`;
    return [{ field, message: max ?? `there is no line ${refusal['lineNumber']}` }];
  }
  if (typeof refusal['sku'] === 'string') {
    const at = lines.findIndex(({ sku }) => sku === refusal['sku']);
    return [{ field: at < 0 ? 'lines' : `lines[${at}].quantity`, message: max ?? 'not possible' }];
  }
  return refusal.code === 'total-too-large' ? [{ field: 'lines', message: `the total is above ${String(refusal['totalMinorMax'])}` }] : [];
}

/** `lines`: those of the request, so that the problem names the field. A code that nobody foresaw here is still a refusal: 409. */
export const orderRefusalProblem =
  (lines: readonly RequestLine[] = []) =>
  (refusal: Refusal): ProblemError => {
    const status = (orderRefusalStatus as Readonly<Record<string, number>>)[refusal.code] ?? 409;
    return refusalProblem(publicCode[refusal.code] ?? refusal.code, status, { errors: fieldErrorsOf(refusal, lines) });
  };
