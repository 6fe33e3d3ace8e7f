import { createServer } from 'node:http';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';

/**
 * The identity provider of an embedded system: one ES256 key, kept in a file that only its owner reads; its public half served as a
 * JWKS. For development and tests: whoever can read the file can be anybody. A real system names a real issuer in its topology.
 */
export interface TokenClaims {
  /** `sub`: the customer's id, or a name for an operator. */
  readonly subject: string;
  readonly roles: readonly ('operator' | 'importer' | 'region-agent')[];
  readonly issuer: string;
  readonly audience: string;
  readonly validForSeconds: number;
}

const algorithm = 'ES256';

/** Reads the key, or makes one when there is none. */
export async function identityKey(path: string): Promise<JWK> {
  const existing = await readKey(path);
  if (existing !== undefined) return existing;
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const key: JWK = { ...jwk, alg: algorithm, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${JSON.stringify(key)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  return key;
}

async function readKey(path: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function mintToken(key: JWK, { subject, roles, issuer, audience, validForSeconds }: TokenClaims): Promise<string> {
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .setSubject(subject)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${validForSeconds} s`)
    .sign(await importJWK(key, algorithm));
}

const agentTokenSeconds = 365 * 24 * 60 * 60;

/** Leaves a token for the region agents where only their owner reads it. A real system's agents get theirs from its issuer, renewed. */
export async function writeAgentToken(key: JWK, path: string, identity: Pick<TokenClaims, 'issuer' | 'audience'>): Promise<void> {
  const token = await mintToken(key, { subject: 'region-agent', roles: ['region-agent'], ...identity, validForSeconds: agentTokenSeconds });
  await writeFile(`${path}.new`, `${token}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export interface IdentityServer {
  close(): Promise<void>;
}

/** Serves `/.well-known/jwks.json`. */
export async function startIdentityServer(key: JWK, listen: { readonly host: string; readonly port: number }): Promise<IdentityServer> {
  const { d: _private, ...publicKey } = key;
  const body = JSON.stringify({ keys: [publicKey] });
  const server = createServer((request, response) => {
    const known = request.method === 'GET' && request.url === '/.well-known/jwks.json';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json', 'cache-control': 'max-age=60' });
    response.end(known ? body : '{"title":"Not Found","status":404}');
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ ...listen, exclusive: true }, resolve));
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
