/**
 * The identity provider of a trial in containers, as a process of its own: what the embedded runtime does inside itself. It serves its
 * public key, and leaves the region agents' token in the file that they read. `main.js token SUBJECT [ROLE ...]` prints a token that is
 * good for an hour. For trials only: whoever can read its data can be anybody.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { topologySchema } from '#contracts';
import { identityKey, mintToken, startIdentityServer, writeAgentToken } from './identity-issuer.ts';

const environment = z
  .object({
    EVENKEEL_TOPOLOGY: z.string().min(1),
    EVENKEEL_LISTEN: z.string().regex(/^.+:\d{1,5}$/, 'expected host:port'),
    /** Holds the private key. */
    EVENKEEL_IDENTITY_DATA: z.string().min(1),
    EVENKEEL_AGENT_TOKEN_FILE: z.string().min(1),
  })
  .parse(process.env);
const roles = z.array(z.enum(['operator', 'importer', 'region-agent']));
const personTokenSeconds = 60 * 60;

const { identity } = topologySchema.parse(JSON.parse(await readFile(environment.EVENKEEL_TOPOLOGY, 'utf8')));
const key = await identityKey(join(environment.EVENKEEL_IDENTITY_DATA, 'key.json'));
const [verb, subject, ...named] = process.argv.slice(2);

if (verb === undefined) await serve();
else if (verb === 'token' && subject !== undefined) {
  const token = await mintToken(key, { ...identity, subject, roles: roles.parse(named), validForSeconds: personTokenSeconds });
  process.stdout.write(`${token}\n`);
} else {
  process.stderr.write('usage: main.js [token SUBJECT [operator|importer|region-agent ...]]\n');
  process.exitCode = 64; // EX_USAGE of sysexits.h
}

async function serve(): Promise<void> {
  const { EVENKEEL_AGENT_TOKEN_FILE: tokenFile, EVENKEEL_LISTEN: listen } = environment;
  await mkdir(dirname(tokenFile), { recursive: true });
  await writeAgentToken(key, tokenFile, identity);
  const colon = listen.lastIndexOf(':');
  const server = await startIdentityServer(key, { host: listen.slice(0, colon), port: Number(listen.slice(colon + 1)) });
  const stop = (): void => {
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  process.stdout.write(`identity: listening at ${listen}\n`);
}
