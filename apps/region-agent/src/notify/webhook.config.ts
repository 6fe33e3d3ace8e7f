import { ConfigError } from '#service-kit';
import { z } from 'zod';

export interface WebhookConfig {
  readonly url: string;
  readonly secret: string;
  /** Names of the events that are told; undefined: all. */
  readonly events: ReadonlySet<string> | undefined;
}

const secretCharactersMin = 16;

/**
 * EVENKEEL_WEBHOOK_URL (absent: nobody is notified), EVENKEEL_WEBHOOK_SECRET, EVENKEEL_WEBHOOK_EVENTS (names with commas; absent: all).
 * From the environment and not the topology, because the secret is nobody else's. @throws ConfigError
 */
export function webhookFrom(env: NodeJS.ProcessEnv): WebhookConfig | undefined {
  const url = env['EVENKEEL_WEBHOOK_URL'] ?? '';
  if (url === '') return undefined;
  if (!z.url({ protocol: /^https?$/ }).safeParse(url).success) throw new ConfigError(`EVENKEEL_WEBHOOK_URL: "${url}" is no http(s) URL`);
  const secret = env['EVENKEEL_WEBHOOK_SECRET'] ?? '';
  if (secret.length < secretCharactersMin)
    throw new ConfigError(`EVENKEEL_WEBHOOK_SECRET: at least ${secretCharactersMin} characters, for whoever knows it can forge`);
  const names = (env['EVENKEEL_WEBHOOK_EVENTS'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return { url, secret, events: names.length === 0 ? undefined : new Set(names) };
}
