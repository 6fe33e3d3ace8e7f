import type { z } from 'zod';
import { problem } from '#service-kit';

/** Opaque to clients, URL-safe: base64url JSON of the last row's sort key. */
export const encodeCursor = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws ProblemError `invalid-request` */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  const wrong = problem('invalid-request', { errors: [{ field: 'cursor', message: 'is not from an earlier page' }] });
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw wrong;
  }
  const result = schema.safeParse(key);
  if (!result.success) throw wrong;
  return result.data;
}
