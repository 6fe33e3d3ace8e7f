import { readFile } from 'node:fs/promises';

/**
 * The bearer token that this region's agents show to the services of other regions, from the file that EVENKEEL_AGENT_TOKEN_FILE names.
 * Read anew for each request, so that it can be renewed under a running agent.
 */
export function agentTokenFrom(env: NodeJS.ProcessEnv): () => Promise<string> {
  const path = env['EVENKEEL_AGENT_TOKEN_FILE'] ?? '';
  return async () => {
    if (path === '') throw new Error('EVENKEEL_AGENT_TOKEN_FILE is not set: there is no token to offer commands with');
    const token = (await readFile(path, 'utf8')).trim();
    if (token === '') throw new Error(`${path} holds no token`);
    return token;
  };
}
