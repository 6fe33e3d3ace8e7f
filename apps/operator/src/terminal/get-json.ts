import type { z } from 'zod';

export interface Asked<T extends z.ZodType> {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly answer: T;
  readonly timeoutMs?: number;
  /** A bearer token. */
  readonly token?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

const timeoutDefaultMs = 5000;

/** One request to one of our own processes. @throws Error that names the URL and what was wrong */
export async function askJson<T extends z.ZodType>({
  url,
  method = 'GET',
  answer,
  timeoutMs = timeoutDefaultMs,
  token,
  body,
}: Asked<T>): Promise<z.output<T>> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { method, headers, ...content, redirect: 'error', signal }).catch((error: unknown) => {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`${url} does not answer: ${reason}`, { cause: error });
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return answer.parse(JSON.parse(text));
}
