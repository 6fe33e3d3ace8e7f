import type { z } from 'zod';
import {
  availabilityAnswerSchema,
  orderAnswerSchema,
  orderListAnswerSchema,
  orderWriteAnswerSchema,
  placeOrderAnswerSchema,
  productAnswerSchema,
  productListAnswerSchema,
  returnLinesAnswerSchema,
} from '#contracts/browser';
import type { WriteOperation } from './intents.ts';

interface Operation<Answer extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  /** As in the OpenAPI document. */
  readonly path: string;
  readonly answer: Answer;
}

/** What this client asks for; a test holds it against the API's own routes. */
export const operations = {
  listProducts: { method: 'GET', path: '/v1/products', answer: productListAnswerSchema },
  getProduct: { method: 'GET', path: '/v1/products/{sku}', answer: productAnswerSchema },
  getAvailability: { method: 'GET', path: '/v1/products/{sku}/availability', answer: availabilityAnswerSchema },
  getOrder: { method: 'GET', path: '/v1/orders/{orderId}', answer: orderAnswerSchema },
  listOrders: { method: 'GET', path: '/v1/orders', answer: orderListAnswerSchema },
  placeOrder: { method: 'POST', path: '/v1/orders', answer: placeOrderAnswerSchema },
  cancelOrder: { method: 'POST', path: '/v1/orders/{orderId}/cancellation', answer: orderWriteAnswerSchema },
  returnLines: { method: 'POST', path: '/v1/orders/{orderId}/returns', answer: returnLinesAnswerSchema },
} as const satisfies Record<string, Operation<z.ZodType>>;

export type OperationName = keyof typeof operations;
export type ReadOperation = Exclude<OperationName, WriteOperation>;
export type AnswerOf<Name extends OperationName> = Readonly<z.output<(typeof operations)[Name]['answer']>>;

/** The path with its parameters and query filled in. */
export function pathOf(
  name: OperationName,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const path = operations[name].path.replaceAll(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(params[field] ?? ''));
  const asked = new URLSearchParams();
  for (const [field, value] of Object.entries(query)) if (value !== undefined) asked.set(field, String(value));
  return asked.size === 0 ? path : `${path}?${asked.toString()}`;
}

/** The answer of a success, or undefined when the body is none. */
export function answerIn<Name extends OperationName>(name: Name, body: unknown): AnswerOf<Name> | undefined {
  const schema: z.ZodType = operations[name].answer;
  const parsed = schema.safeParse(body);
  return parsed.success ? (parsed.data as AnswerOf<Name>) : undefined;
}
