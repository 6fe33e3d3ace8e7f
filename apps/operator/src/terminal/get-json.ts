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

/** It answered, and not with what was asked for. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;

  constructor(url: string, status: number, text: string) {
    super(`${url} answered ${status}: ${text.slice(0, 500)}`);
    this.status = status;
  }
}

/** One request to one of our own processes. @throws RefusedError, or Error that names the URL and what was wrong */
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
  if (!response.ok) throw new RefusedError(url, response.status, text);
  return answer.parse(JSON.parse(text));
}
