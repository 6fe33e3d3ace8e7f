import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { customerIdSchema, type CustomerId, decodeToken, operationIdSchema, type ShardSeqs } from '#contracts';
import type { FastifyRequest } from 'fastify';
import { problem } from './problem.ts';

export const headerNames = {
  idempotencyKey: 'idempotency-key',
  prefer: 'prefer',
  consistencyToken: 'evenkeel-consistency-token',
  /** On whose behalf an operator or importer acts. */
  customer: 'evenkeel-customer',
} as const;

type Headers = FastifyRequest['headers'];

const single = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** @throws ProblemError `idempotency-key-required`, `invalid-request` */
export function idempotencyKeyOf(headers: Headers): string {
  const text = single(headers, headerNames.idempotencyKey);
  if (text === undefined || text === '')
    throw problem('idempotency-key-required', {
      detail: 'Choose a new key for each new request, and send the same one when you ask again.',
      errors: [{ field: 'Idempotency-Key', message: 'is required' }],
    });
  // The draft standard writes it as a quoted string: the quotes are no part of the key.
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (operationIdSchema.safeParse(key).success) return key;
  throw problem('invalid-request', { errors: [{ field: 'Idempotency-Key', message: '1 to 200 visible ASCII characters' }] });
}

/** What `Prefer` (RFC 7240) asks for; unknown preferences are ignored, as that RFC says. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** Seconds to wait for the outcome, 0..60; undefined when not asked for. */
  readonly waitSeconds: number | undefined;
}

export function preferencesOf(headers: Headers): Preferences {
  let respondAsync = false;
  let waitSeconds: number | undefined;
  for (const preference of (single(headers, headerNames.prefer) ?? '').split(',')) {
    const [name = '', value = ''] = preference
      .split(';', 1)[0]!
      .split('=', 2)
      .map((part) => part.trim());
    if (name.toLowerCase() === 'respond-async') respondAsync = true;
    if (name.toLowerCase() !== 'wait') continue;
    if (!/^\d{1,2}$/.test(value) || Number(value) > 60)
      throw problem('invalid-request', { errors: [{ field: 'Prefer', message: 'wait takes whole seconds, 0 to 60' }] });
    waitSeconds = Number(value);
  }
  return { respondAsync, waitSeconds };
}

/** The shard seqs that the reader has seen; empty without a token. */
export function consistencyTokenOf(headers: Headers): ShardSeqs {
  const text = single(headers, headerNames.consistencyToken);
  if (text === undefined || text === '') return {};
  const seqs = decodeToken(text);
  if (seqs === undefined)
    throw problem('invalid-request', { errors: [{ field: 'Evenkeel-Consistency-Token', message: 'is not a token of ours' }] });
  return seqs;
}

/** The customer that the caller acts for, when the header names one. */
export function onBehalfOf(headers: Headers): CustomerId | undefined {
  const text = single(headers, headerNames.customer);
  if (text === undefined || text === '') return undefined;
  const result = customerIdSchema.safeParse(text);
  if (!result.success) throw problem('invalid-request', { errors: [{ field: 'Evenkeel-Customer', message: 'is not a customer id' }] });
  return result.data;
}

const fromHeaders = (read: (headers: Headers) => unknown) =>
  createParamDecorator((_data: unknown, context: ExecutionContext): unknown =>
    read(context.switchToHttp().getRequest<FastifyRequest>().headers),
  );

/** `@IdempotencyKey() key: string` */
export const IdempotencyKey = fromHeaders(idempotencyKeyOf);
/** `@Prefer() prefer: Preferences` */
export const Prefer = fromHeaders(preferencesOf);
/** `@ConsistencyToken() seen: ShardSeqs` */
export const ConsistencyToken = fromHeaders(consistencyTokenOf);
/** `@OnBehalfOf() customer: CustomerId | undefined` */
export const OnBehalfOf = fromHeaders(onBehalfOf);
