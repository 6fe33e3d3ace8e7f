import type { z } from 'zod';
import { problemSchema, type Problem } from '#contracts';
import { eventually } from './eventually.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  /** `Idempotency-Key`. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  readonly timeoutMs?: number;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const requestTimeoutMs = 45_000;

/** One request to a public API, as any client would send it. Rejects when there is no answer: nothing is known then. */
export async function askApi(url: string, { method, path, token, key, headers, body, text, timeoutMs }: ApiRequest): Promise<ApiResponse> {
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs ?? requestTimeoutMs),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/**
 * Asks until there is a clear answer: no answer, 503 and 504 say that nothing is known, and the same key makes asking again right.
 * The storefronts are asked in turn.
 */
export async function askApiUntilAnswered(urls: readonly string[], request: ApiRequest, withinMs = 60_000): Promise<ApiResponse> {
  let attempt = 0;
  return eventually(
    async () => {
      const response = await askApi(urls[attempt++ % urls.length]!, request);
      if (response.status >= 502 && response.status <= 504) throw new Error(`${response.status} ${response.text.slice(0, 500)}`);
      return response;
    },
    { withinMs, everyMs: 100 },
  );
}

/** The body of an answer that must have this status. @throws Error that shows the answer */
export function answered<T extends z.ZodType>(response: ApiResponse, status: number | readonly number[], schema: T): z.output<T> {
  const expected = typeof status === 'number' ? [status] : status;
  if (!expected.includes(response.status))
    throw new Error(`expected ${expected.join(' or ')}, was answered ${response.status}: ${response.text.slice(0, 1_000)}`);
  return schema.parse(JSON.parse(response.text));
}

/** The body of an answer that must be an RFC 9457 problem of this code. @throws Error that shows the answer */
export function problemOf(response: ApiResponse, code: string): Problem {
  const type = response.headers.get('content-type') ?? 'none';
  if (!type.startsWith('application/problem+json'))
    throw new Error(`expected a problem ${code}, was answered ${response.status} (${type}): ${response.text.slice(0, 1_000)}`);
  const problem = problemSchema.parse(JSON.parse(response.text));
  if (problem.code !== code || problem.status !== response.status)
    throw new Error(`expected a problem ${code}, was answered ${response.status}: ${response.text.slice(0, 1_000)}`);
  return problem;
}
