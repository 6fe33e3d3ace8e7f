import type { TryOutcome } from './core/judge.ts';

export interface TryRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** From the connection to the last byte. */
  readonly timeoutMs: number;
  /** Ends the try; its outcome is `cancelled` then. */
  readonly signal: AbortSignal;
}

export type TryEnd =
  { readonly outcome: TryOutcome; readonly headers: Headers | undefined } | { readonly outcome: 'cancelled'; readonly headers: undefined };

const answerBytesMax = 8 * 1024 * 1024;
/** What Node names of connections that were never made. Browsers tell nothing: everything may have arrived there. */
const neverArrived = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** One request to one address, by `fetch`. Never rejects, follows no redirect, shows no cookie, uses no cache. */
export async function tryOnce({ url, method, headers, body, timeoutMs, signal }: TryRequest): Promise<TryEnd> {
  const ending = new AbortController();
  let late = false;
  const end = (): void => ending.abort();
  const timer = setTimeout(() => {
    late = true;
    end();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    signal.throwIfAborted();
    const response = await fetch(url, {
      method,
      headers: { accept: 'application/json, application/problem+json', ...headers },
      ...(body === undefined ? {} : { body }),
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      signal: ending.signal,
    });
    const { status, headers: answered } = response;
    const outcome = {
      kind: 'answered' as const,
      status,
      contentType: answered.get('content-type'),
      retryAfter: answered.get('retry-after'),
      body: parsed(await textOf(response)),
    };
    return { outcome, headers: answered };
  } catch (error) {
    if (signal.aborted) return { outcome: 'cancelled', headers: undefined };
    return { outcome: late ? { kind: 'late' } : brokenBy(error), headers: undefined };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let [text, bytes] = ['', 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > answerBytesMax) {
      await reader.cancel();
      throw new Error(`an answer of more than ${answerBytesMax} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not the API's: judged by whoever reads the outcome
  }
}

function brokenBy(error: unknown): TryOutcome {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : code || String(error);
  return { kind: 'broken', never: neverArrived.has(code), reason };
}
