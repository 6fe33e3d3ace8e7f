import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface ApiRequest {
  readonly path: string;
  /** Sent with every attempt: the same request is never done twice. */
  readonly idempotencyKey: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** For one attempt, from the connection to the last byte. */
  readonly timeoutMs: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** The API said no, and asking again would not change that. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly code: string;
  constructor(path: string, status: number, code: string, body: string) {
    super(`POST ${path} was answered ${status} ${code}: ${body.slice(0, 500)}`);
    this.status = status;
    this.code = code;
  }
}

/** Nobody gave a clear answer for as long as we were willing to ask. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

export interface ApiClientOptions {
  /** A bearer token that is valid for some minutes more. */
  readonly token: () => Promise<string>;
  readonly connectionsMax: number;
  /** How long to ask again before giving up: long enough for a killed broker to be back. */
  readonly giveUpAfterMs: number;
  /** Doubles with every attempt, up to 5 s. */
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
  /** Told of every attempt that is to be repeated. */
  readonly onRetry: (path: string, reason: string) => void;
}

const pauseMaxMs = 5_000;
const answerBytesMax = 16 * 1024 * 1024;
/** Refusals that time mends: a product that was just imported is not yet known to the region that is asked. */
const passingCodes = new Set(['unknown-sku', 'request-timeout', 'too-many-requests']);

/**
 * POSTs JSON until there is a clear answer. Timeouts, lost connections, 408, 429 and 5xx are unknown: the same request goes out
 * again under the same key, to the other storefront in turn, after a growing pause. Any other 4xx is thrown.
 */
export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #agent: Agent;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.connectionsMax, keepAliveMsecs: 1_000, scheduling: 'lifo' });
    // What is under way then has no answer, which is as good as any: the next run asks again under the same keys.
    options.signal.addEventListener('abort', () => this.#agent.destroy(), { once: true });
  }

  /** @param targets base URLs; the first is asked first, the next ones when it gives no answer. @throws RefusedError, NoAnswerError */
  async post(targets: readonly [string, ...string[]], what: ApiRequest): Promise<ApiAnswer> {
    const { giveUpAfterMs, firstPauseMs, onRetry, signal } = this.#options;
    const body = Buffer.from(JSON.stringify(what.body), 'utf8');
    const startedMs = performance.now();
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      const reason = await this.#attempt(targets[attempt % targets.length] ?? targets[0], what, body);
      if (typeof reason !== 'string') return reason;
      const pauseMs = Math.min(pauseMaxMs, firstPauseMs * 2 ** Math.min(attempt, 10));
      if (performance.now() + pauseMs - startedMs > giveUpAfterMs)
        throw new NoAnswerError(
          `POST ${what.path} (${what.idempotencyKey}) got no clear answer in ${Math.round(giveUpAfterMs / 1000)} s: ${reason}`,
        );
      onRetry(what.path, reason);
      await delay(pauseMs, undefined, { signal });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The answer, or why it is none. */
  async #attempt(target: string, what: ApiRequest, body: Buffer): Promise<ApiAnswer | string> {
    const token = await this.#options.token();
    let answer: ApiAnswer;
    try {
      answer = await this.#send(target, what, body, token);
    } catch (error) {
      return error instanceof Error ? `${target}: ${error.message}` : String(error);
    }
    if (answer.status < 300) return answer;
    const code = codeOf(answer.body);
    if (answer.status >= 500 || passingCodes.has(code)) return `${target}: ${answer.status} ${code}`;
    throw new RefusedError(what.path, answer.status, code, answer.body);
  }

  #send(target: string, what: ApiRequest, body: Buffer, token: string): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': body.length,
        'idempotency-key': what.idempotencyKey,
        ...what.headers,
      };
      const signal = AbortSignal.timeout(what.timeoutMs);
      const sent = request(new URL(what.path, target), { method: 'POST', agent: this.#agent, headers, signal });
      sent.once('error', reject);
      sent.once('response', (response) => {
        read(response).then((text) => resolve({ status: response.statusCode ?? 0, body: text }), reject);
      });
      sent.end(body);
    });
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function codeOf(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? code : 'unknown';
  } catch {
    return 'unknown'; // not a problem document: the status has to do
  }
}
