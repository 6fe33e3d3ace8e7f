import { z } from 'zod';

/**
 * Every problem that the public API may answer with: its code is stable, its type URL is derived from it. A client may rely on
 * `code` and `status`; `detail` is for people.
 */
export const problemKinds = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'malformed-request': { status: 400, title: 'The request is not well-formed HTTP' },
  'invalid-request': { status: 400, title: 'The request does not fit its schema' },
  'idempotency-key-required': { status: 400, title: 'An Idempotency-Key header is required' },
  unauthenticated: { status: 401, title: 'A valid bearer token is required' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  'not-found': { status: 404, title: 'There is no such resource' },
  'order-not-found': { status: 404, title: 'There is no such order' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'order-not-confirmed': { status: 409, title: 'The order is not confirmed' },
  'order-cancelled': { status: 409, title: 'The order is cancelled' },
  'order-already-shipped': { status: 409, title: 'Part of the order is shipped already' },
  conflict: { status: 409, title: 'The state of the resource does not allow this' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The request target is too long' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  /** Between the edge and a service: the shard is owned elsewhere; the edge forwards again. */
  'not-owned-here': { status: 421, title: 'Another region owns this now' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used with another request' },
  'unknown-sku': { status: 422, title: 'A sku is not in the catalogue' },
  'currency-mismatch': { status: 422, title: 'The prices are in another currency' },
  'not-processable': { status: 422, title: 'The request cannot be fulfilled' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Not available now' },
  /** Ask again, or ask the region that `Evenkeel-Owner-Region` names: nothing was done. */
  'owner-unavailable': { status: 503, title: 'The region that owns this is changing, or does not answer' },
  'region-not-serving': { status: 503, title: 'This region takes no writes now: ask another one' },
  'stream-blocked': { status: 503, title: 'A record that could not be read blocks this until somebody decides about it' },
  'consistency-unreached': { status: 503, title: 'This region has not yet seen what the consistency token names' },
  'outcome-unknown': { status: 504, title: 'The outcome is unknown' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;
export type ProblemCode = keyof typeof problemKinds;

export const problemTypeOf = (code: string): string => `https://evenkeel.dev/problems/${code}`;

export const fieldErrorSchema = z.object({
  /** Path in the body (`lines[3].quantity`), or the name of a header, query or path parameter. */
  field: z.string(),
  message: z.string(),
});
export type FieldError = Readonly<z.infer<typeof fieldErrorSchema>>;

/** RFC 9457. `code` may be one that this version does not know: read `status` then. */
export const problemSchema = z.object({
  type: z.url(),
  title: z.string(),
  status: z.int().min(400).max(599),
  code: z.string(),
  detail: z.string().optional(),
  /** Path of the request. */
  instance: z.string().optional(),
  /** At most 50. */
  errors: z.array(fieldErrorSchema).optional(),
  /** To be told to whoever looks into it. */
  traceId: z.string().optional(),
});
export type Problem = Readonly<z.infer<typeof problemSchema>>;
