/**
 * One attempt to hand a request to one instance of a service, over kept-alive connections.
 *
 * Tells apart what certainly did not arrive (refused, unreachable, not connected in time) from what may have (reset, timeout).
 * Bounded: `deadlineMs` for the head of the answer, `connectTimeoutMs` to connect, 64 KiB of headers; the body of the answer
 * streams, and is cut when it stalls for `deadlineMs`.
 */
import { Agent, type IncomingMessage, request } from 'node:http';

export interface Attempt {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly deadlineMs: number;
  /** Gives the attempt up before its deadline: it counts as late. */
  readonly signal?: AbortSignal | undefined;
}

export type AttemptOutcome =
  | { readonly kind: 'answered'; readonly answer: IncomingMessage }
  /** The request certainly reached nobody. */
  | { readonly kind: 'unreached'; readonly reason: string }
  /** It may have been acted on. */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'late' };

export const connectTimeoutMs = 2_000;
const neverArrived = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL']);

export class Upstreams {
  readonly #agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: 30_000,
    maxSockets: 512,
    maxFreeSockets: 128,
    scheduling: 'lifo',
    timeout: 60_000,
  });

  send(attempt: Attempt): Promise<AttemptOutcome> {
    return new Promise((resolve) => {
      const { url, method, headers, body, deadlineMs, signal } = attempt;
      let connected = false;
      let late = false;
      const outgoing = request(url, { method, agent: this.#agent, headers, maxHeaderSize: 64 * 1024 });
      const giveUp = (): void => {
        late = true;
        outgoing.destroy();
      };
      const deadline = setTimeout(giveUp, deadlineMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
      const connecting = setTimeout(() => connected || outgoing.destroy(), Math.min(connectTimeoutMs, deadlineMs));
      const finish = (outcome: AttemptOutcome): void => {
        clearTimeout(deadline);
        clearTimeout(connecting);
        signal?.removeEventListener('abort', giveUp);
        resolve(outcome);
      };
      outgoing.on('socket', (socket) => {
        if (!socket.connecting) connected = true;
        else socket.once('connect', () => (connected = true));
      });
      outgoing.on('response', (answer) => {
        answer.setTimeout(deadlineMs, () => answer.destroy(new Error('the answer stalled')));
        finish({ kind: 'answered', answer });
      });
      outgoing.on('close', () => finish(outcomeWithoutAnswer(connected, late, 'closed')));
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        finish(
          neverArrived.has(error.code ?? '')
            ? { kind: 'unreached', reason: error.message }
            : outcomeWithoutAnswer(connected, late, error.message),
        ),
      );
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function outcomeWithoutAnswer(connected: boolean, late: boolean, reason: string): AttemptOutcome {
  if (!connected) return { kind: 'unreached', reason: 'no connection in time' };
  return late ? { kind: 'late' } : { kind: 'broken', reason };
}
