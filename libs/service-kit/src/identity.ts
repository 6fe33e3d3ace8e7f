/**
 * Who calls: a bearer JWT, verified against the topology's JWKS.
 *
 * A verified token is remembered until it expires (at most 60 s, at most 5,000 tokens), so that a revoked key works that much
 * longer and a busy client costs one signature check a minute. When the JWKS cannot be fetched, unknown keys are answered 503.
 */
import { createHash } from 'node:crypto';
import { customerIdSchema, type CustomerId, type Topology } from '#contracts';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { problem, type ProblemError } from './problem.ts';

/** `region-agent`: another region's agent, which hands over commands; no person and no customer. */
export type Role = 'operator' | 'importer' | 'region-agent';

export interface Caller {
  /** The token's subject when it is a customer id. */
  readonly customerId: CustomerId | undefined;
  readonly subject: string;
  readonly roles: ReadonlySet<string>;
}

export const hasRole = (caller: Caller, role: Role): boolean => caller.roles.has(role);

/** An operator or importer: may act on any customer's orders, and says on whose. */
export const mayActForOthers = (caller: Caller): boolean => hasRole(caller, 'operator') || hasRole(caller, 'importer');

export interface CallerVerifier {
  /** @throws ProblemError `unauthenticated` (401), `unavailable` (503) */
  verify(authorization: string | undefined): Promise<Caller>;
}

const algorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'];
const rememberedMax = 5_000;
const rememberedMs = 60_000;
const tokenCharactersMax = 8_192;

const rolesSchema = z.array(z.string().max(64)).max(32).catch([]);

function callerOf(payload: JWTPayload): Caller {
  const subject = payload.sub ?? '';
  const customer = customerIdSchema.safeParse(subject);
  return { subject, customerId: customer.success ? customer.data : undefined, roles: new Set(rolesSchema.parse(payload['roles'])) };
}

const unauthenticated = (detail: string, error: string | undefined): ProblemError =>
  problem('unauthenticated', {
    detail,
    headers: { 'www-authenticate': error === undefined ? 'Bearer realm="evenkeel"' : `Bearer realm="evenkeel", error="${error}"` },
  });

/** Errors that say that the token is wrong, as opposed to: the keys could not be had. */
const blamesTheToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout) &&
  !(error instanceof errors.JWKSInvalid) &&
  error.code !== 'ERR_JOSE_GENERIC';

export class JwtVerifier implements CallerVerifier {
  readonly #keys: JWTVerifyGetKey;
  readonly #expected: { readonly issuer: string; readonly audience: string };
  readonly #nowMs: () => number;
  readonly #remembered = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();

  constructor(keys: JWTVerifyGetKey, expected: { readonly issuer: string; readonly audience: string }, nowMs: () => number = Date.now) {
    this.#keys = keys;
    this.#expected = expected;
    this.#nowMs = nowMs;
  }

  async verify(authorization: string | undefined): Promise<Caller> {
    if (authorization === undefined) throw unauthenticated('The request carries no bearer token.', undefined);
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > tokenCharactersMax)
      throw unauthenticated('The Authorization header is no bearer token.', 'invalid_request');
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#remembered.get(key);
    if (known !== undefined && known.untilMs > this.#nowMs()) return known.caller;
    const payload = await this.#payloadOf(token);
    const caller = callerOf(payload);
    if (caller.subject === '') throw unauthenticated('The token names no subject.', 'invalid_token');
    this.#remember(key, caller, (payload.exp ?? 0) * 1000);
    return caller;
  }

  async #payloadOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        ...this.#expected,
        algorithms,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: 5,
        currentDate: new Date(this.#nowMs()),
      });
      return payload;
    } catch (error) {
      if (blamesTheToken(error)) throw unauthenticated('The token is not valid here, or no longer.', 'invalid_token');
      throw problem('unavailable', { detail: 'The identity keys cannot be had now.', headers: { 'retry-after': '1' }, cause: error });
    }
  }

  #remember(key: string, caller: Caller, expiresMs: number): void {
    const nowMs = this.#nowMs();
    this.#remembered.delete(key);
    if (this.#remembered.size >= rememberedMax) {
      const oldest = this.#remembered.keys().next();
      if (!oldest.done) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(key, { caller, untilMs: Math.min(expiresMs, nowMs + rememberedMs) });
  }
}

/** Keys are fetched when first needed, kept 10 min, and fetched again for an unknown key id at most every 5 s. */
export const createVerifier = (identity: Topology['identity']): JwtVerifier =>
  new JwtVerifier(
    createRemoteJWKSet(new URL(identity.jwksUrl), { timeoutDuration: 2_000, cooldownDuration: 5_000, cacheMaxAge: 600_000 }),
    {
      issuer: identity.issuer,
      audience: identity.audience,
    },
  );
