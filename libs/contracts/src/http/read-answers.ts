import { z } from 'zod';

/** In the body of every answer to a read, and in the header `Evenkeel-Consistency-Token`: shown with a read elsewhere, it shows no less. */
export const readAnswerFields = { consistencyToken: z.string() };

export const pageLimitMax = 100;
export const pageLimitDefault = 20;

/** `cursor`: from `nextCursor` of the page before; opaque. */
export const pageQueryFields = {
  cursor: z.string().min(1).max(500).optional(),
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault),
};

/** Null on the last page. */
export const pageAnswerFields = { nextCursor: z.string().nullable() };
