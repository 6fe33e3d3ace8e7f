import { Body, type PipeTransform, Param, Query } from '@nestjs/common';
import type { FieldError } from '#contracts';
import type { z } from 'zod';
import { problem } from './problem.ts';

/** `lines[3].quantity` for a path into the value; the whole value is named by `root`. */
export function fieldOf(path: readonly PropertyKey[], root: string): string {
  let field = '';
  for (const part of path) field += typeof part === 'number' ? `[${part}]` : field === '' ? String(part) : `.${String(part)}`;
  return field === '' ? root : field;
}

export const fieldErrorsOf = (error: z.ZodError, root: string): FieldError[] =>
  error.issues
    .slice(0, 50)
    .flatMap((issue): FieldError[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.slice(0, 50).map((key) => ({ field: fieldOf([...issue.path, key], root), message: 'is not a field here' }))
        : [{ field: fieldOf(issue.path, root), message: issue.message }],
    );

/**
 * The value as its schema gives it out. Nest's own StandardSchemaValidationPipe does the same, but asynchronously and without the
 * paths that a problem names its fields by.
 * @throws ProblemError `invalid-request`
 */
export function validated<S extends z.ZodType>(schema: S, value: unknown, root: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw problem('invalid-request', { errors: fieldErrorsOf(result.error, root) });
}

export class ZodPipe implements PipeTransform {
  readonly #schema: z.ZodType;
  readonly #root: string;
  constructor(schema: z.ZodType, root: string) {
    this.#schema = schema;
    this.#root = root;
  }
  transform(value: unknown): unknown {
    return validated(this.#schema, value, this.#root);
  }
}

/** `place(@ZodBody(placeOrderSchema) body: PlaceOrderBody)` */
export const ZodBody = (schema: z.ZodType): ParameterDecorator => Body(new ZodPipe(schema, 'body'));
export const ZodQuery = (schema: z.ZodType): ParameterDecorator => Query(new ZodPipe(schema, 'query'));
/** One path parameter: `@ZodParam('orderId', orderIdSchema)`. */
export const ZodParam = (name: string, schema: z.ZodType): ParameterDecorator => Param(name, new ZodPipe(schema, name));
