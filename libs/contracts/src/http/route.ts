import type { z } from 'zod';
import type { ProblemCode } from './problems.ts';

/**
 * One route of the public API: the one source that validates (its schemas are the controllers'), types (`z.infer`) and documents
 * (`openApiDocument`). Paths and answers are the same at the edge and at the service behind it.
 */
export interface Route {
  readonly method: 'get' | 'post';
  /** OpenAPI form: `/v1/orders/{orderId}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: 'orders' | 'products' | 'stock' | 'regions';
  readonly summary: string;
  readonly description?: string;
  /** `customer`: any verified caller, for its own; `operator`: a caller with that role; `public`: nobody is asked for. */
  readonly access: 'public' | 'customer' | 'operator';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly headers?: readonly RouteHeader[];
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Besides those that every route may answer with. */
  readonly problems?: readonly ProblemCode[];
}

export interface RouteHeader {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
}

export interface RouteAnswer {
  readonly description: string;
  readonly schema: z.ZodType;
}

export const idempotencyKeyHeader: RouteHeader = {
  name: 'Idempotency-Key',
  required: true,
  description:
    'Chosen by the client for each new request, 1 to 200 visible ASCII characters. Asking again with the same key never does the thing twice.',
};
export const consistencyTokenHeader: RouteHeader = {
  name: 'Evenkeel-Consistency-Token',
  required: false,
  description: 'From an earlier answer: the read waits, within a bound, until it shows what that answer knew.',
};
export const onBehalfOfHeader: RouteHeader = {
  name: 'Evenkeel-Customer',
  required: false,
  description: "Operators and importers, who act on a customer's behalf: whose order it is. Ignored for customers.",
};
export const preferHeader: RouteHeader = {
  name: 'Prefer',
  required: false,
  description: '`respond-async`: 202 as soon as the command is queued. `wait=N`, 0 to 60: wait N seconds for confirmed or cancelled.',
};
