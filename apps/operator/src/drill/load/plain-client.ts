import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { placeOrderAnswerSchema, problemSchema } from '#contracts';
import type { AttemptOutcome, DueOrder, OrderOutcome } from '../recording.ts';
import type { PlaceOrder } from './open-load.ts';

export interface PlainClientOptions {
  /** Asks DNS, anew for every connection; one of the addresses is taken by chance. @throws Error when there is no answer */
  readonly resolve: (order: DueOrder) => Promise<readonly string[]>;
  /** In [0, 1). */
  readonly chance: () => number;
  readonly hostname: string;
  readonly port: number;
  readonly tokenOf: (order: DueOrder) => string;
  readonly nowMs: () => number;
  /** For one attempt, from the connection to the last byte. */
  readonly attemptTimeoutMs: number;
  /**
   * Before the second attempt, unless the answer's Retry-After says otherwise; doubles with each further one up to `pauseMaxMs`, less
   * up to a half of it by chance: clients that all ask again at once keep a slow system slow.
   */
  readonly pauseMs: number;
  readonly pauseMaxMs: number;
  readonly giveUpAfterMs: number;
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly text: string;
}

const answerBytesMax = 256 * 1024;
const retryAfterMaxMs = 2_000;
/** Asking again may help: the API's own words for it. */
const passing = new Set([408, 421, 425, 429]);

/**
 * What any careful HTTP client does, without our SDK: it resolves the shop's name, opens a connection, asks, and on anything but a
 * clear answer does all of it again with the same idempotency key.
 */
export function plainClient(options: PlainClientOptions): PlaceOrder {
  const { nowMs, chance, pauseMs, pauseMaxMs, giveUpAfterMs } = options;
  return async (order, tell) => {
    const giveUpAtMs = nowMs() + giveUpAfterMs;
    let last = 'nothing was tried';
    for (let failed = 0; nowMs() < giveUpAtMs; failed++) {
      const startMs = nowMs();
      let host = '';
      let waitMs = Math.min(pauseMaxMs, pauseMs * 2 ** Math.min(failed, 10)) * (1 - chance() / 2);
      let outcome: AttemptOutcome;
      try {
        host = await addressFor(order, options);
        const answer = await ask(options, host, order);
        const clear = outcomeOf(answer);
        outcome = { kind: 'answered', status: answer.status };
        if (clear !== undefined) {
          tell({ startMs, endMs: nowMs(), host, outcome });
          return { outcome: clear, calls: 1 };
        }
        waitMs = answer.retryAfterMs ?? waitMs;
        last = `answered ${answer.status}`;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
        outcome = error instanceof Error && error.name === 'TimeoutError' ? { kind: 'timeout' } : { kind: 'no-connection', reason: last };
      }
      tell({ startMs, endMs: nowMs(), host, outcome });
      await delay(waitMs);
    }
    const because = `no clear answer in ${giveUpAfterMs / 1000} s; last: ${last}`;
    return { outcome: { kind: 'unknown', because }, calls: 1 };
  };
}

async function addressFor(order: DueOrder, { resolve, chance }: PlainClientOptions): Promise<string> {
  const addresses = await resolve(order);
  const address = addresses[Math.floor(chance() * addresses.length)];
  if (address === undefined) throw new Error('DNS answers with no address');
  return address;
}

function ask(options: PlainClientOptions, host: string, { client, key, lines, ...order }: DueOrder): Promise<Answer> {
  const { hostname, port, tokenOf, attemptTimeoutMs } = options;
  const body = Buffer.from(JSON.stringify({ lines }), 'utf8');
  return new Promise((resolve, reject) => {
    const headers = {
      host: `${hostname}:${port}`,
      authorization: `Bearer ${tokenOf({ client, key, lines, ...order })}`,
      'content-type': 'application/json',
      'content-length': body.length,
      'idempotency-key': key,
    };
    const signal = AbortSignal.timeout(attemptTimeoutMs);
    const timedOut = (error: Error): Error => (signal.aborted ? (signal.reason as Error) : error);
    const sent = request({ host, port, path: '/v1/orders', method: 'POST', agent: false, headers, signal });
    sent.once('error', (error) => reject(timedOut(error)));
    sent.once('response', (response) => {
      read(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, retryAfterMs: retryAfterOf(response), text }),
        (error: unknown) => reject(timedOut(error as Error)),
      );
    });
    sent.end(body);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`);
  }
  return text;
}

/** Seconds only: dates need two clocks that agree. */
function retryAfterOf({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, retryAfterMaxMs) : undefined;
}

/** Undefined: not clear, ask again. An answer that is not what the API promises is not clear either. */
function outcomeOf({ status, text }: Answer): OrderOutcome | undefined {
  if (status >= 500 || passing.has(status)) return undefined;
  const body = jsonOf(text);
  if (status < 300) {
    const placed = placeOrderAnswerSchema.safeParse(body);
    return placed.success && placed.data.durability !== 'none' ? { kind: 'acknowledged', durability: placed.data.durability } : undefined;
  }
  const problem = problemSchema.safeParse(body);
  return { kind: 'refused', status, code: problem.success ? problem.data.code : 'no problem document' };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off, or from somebody in between: not clear
  }
}
