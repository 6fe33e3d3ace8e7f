import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityKey, mintToken, startIdentityServer } from './identity-issuer.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'evenkeel-identity-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a minted token is accepted with the served keys; the private half is not served; the key stays over starts', async () => {
  const path = join(directory, 'identity', 'key.json');
  const key = await identityKey(path);
  expect(await identityKey(path)).toEqual(key);
  expect((await stat(path)).mode & 0o077).toBe(0);

  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const server = await startIdentityServer(key, { host: '127.0.0.1', port });
  const token = await mintToken(key, { subject: 'alice', roles: ['operator'], issuer, audience: 'evenkeel', validForSeconds: 60 });
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)), {
    issuer,
    audience: 'evenkeel',
  });
  expect(payload).toMatchObject({ sub: 'alice', roles: ['operator'] });
  const served = (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as { keys: object[] };
  expect(served.keys).toHaveLength(1);
  expect(served.keys[0]).not.toHaveProperty('d');
  await server.close();
});
