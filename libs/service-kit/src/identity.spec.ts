import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT, type JWTVerifyGetKey, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { JwtVerifier } from './identity.ts';
import type { ProblemError } from './problem.ts';

const expected = { issuer: 'https://id.test', audience: 'evenkeel' };
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let strangers: Keys;
let local: JWTVerifyGetKey;

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  strangers = await generateKeyPair('ES256');
  local = createLocalJWKSet({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] });
});

const nowSeconds = () => Math.floor(Date.now() / 1000);
const token = (claims: JWTPayload = {}, key = keys.privateKey) =>
  new SignJWT({ iss: expected.issuer, aud: expected.audience, sub: 'alice', exp: nowSeconds() + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .sign(key);
const problemOf = (promise: Promise<unknown>): Promise<ProblemError> =>
  promise.then(
    () => Promise.reject(new Error('it was let in')),
    (error: unknown) => error as ProblemError,
  );

it('a customer, an operator, and who is neither', async () => {
  const verifier = new JwtVerifier(local, expected);
  expect(await verifier.verify(`Bearer ${await token()}`)).toEqual({ subject: 'alice', customerId: 'alice', roles: new Set() });
  const operator = await verifier.verify(`bearer ${await token({ sub: 'not a customer id', roles: ['operator'] })}`);
  expect(operator).toEqual({ subject: 'not a customer id', customerId: undefined, roles: new Set(['operator']) });
  expect((await verifier.verify(`Bearer ${await token({ roles: 'operator' })}`)).roles.size).toBe(0);
});

describe('is not let in', () => {
  it.each<[string, () => Promise<string | undefined>]>([
    ['who has no token', () => Promise.resolve(undefined)],
    ['who has another scheme', () => Promise.resolve('Basic YTpi')],
    ['what is no token', () => Promise.resolve('Bearer abc')],
    ['an expired token', async () => `Bearer ${await token({ exp: nowSeconds() - 60 })}`],
    ['a token of another issuer', async () => `Bearer ${await token({ iss: 'https://evil.test' })}`],
    ['a token for another audience', async () => `Bearer ${await token({ aud: 'other' })}`],
    [
      'a token without an end',
      async () =>
        `Bearer ${await new SignJWT({ iss: expected.issuer, aud: expected.audience, sub: 'a' }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(keys.privateKey)}`,
    ],
    ['a token without a subject', async () => `Bearer ${await token({ sub: '' })}`],
    ["a stranger's token", async () => `Bearer ${await token({}, strangers.privateKey)}`],
    [
      'an unsigned token',
      () =>
        Promise.resolve(
          `Bearer ${new UnsecuredJWT({ sub: 'alice' }).setIssuer(expected.issuer).setAudience(expected.audience).setExpirationTime('1m').encode()}`,
        ),
    ],
    [
      'a token signed with a shared secret',
      async () =>
        `Bearer ${await new SignJWT({ sub: 'alice', iss: expected.issuer, aud: expected.audience, exp: nowSeconds() + 60 }).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(Buffer.alloc(32))}`,
    ],
  ])('%s', async (_name, authorization) => {
    const problem = await problemOf(new JwtVerifier(local, expected).verify(await authorization()));
    expect([problem.status, problem.code]).toEqual([401, 'unauthenticated']);
    expect(problem.headers['www-authenticate']).toContain('Bearer realm="evenkeel"');
  });
});

it('a token is checked once, and forgotten when it expires', async () => {
  let checks = 0;
  let nowMs = Date.now();
  const counting: JWTVerifyGetKey = (header, input) => {
    checks += 1;
    return local(header, input);
  };
  const verifier = new JwtVerifier(counting, expected, () => nowMs);
  const authorization = `Bearer ${await token({ exp: nowSeconds() + 20 })}`;
  await verifier.verify(authorization);
  await verifier.verify(authorization);
  expect(checks).toBe(1);
  nowMs += 30_000;
  expect((await problemOf(verifier.verify(authorization))).code).toBe('unauthenticated');
});

it("keys that cannot be had are our trouble, not the caller's", async () => {
  const away: JWTVerifyGetKey = () => Promise.reject(new TypeError('fetch failed'));
  const problem = await problemOf(new JwtVerifier(away, expected).verify(`Bearer ${await token()}`));
  expect([problem.status, problem.code]).toEqual([503, 'unavailable']);
});
