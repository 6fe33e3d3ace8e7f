import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { HistoryEntry } from '#contracts';
import { pause } from '../repeat.ts';
import type { WebhookConfig } from './webhook.config.ts';
import { signatureHeader, signatureOf } from './webhook.signature.ts';

export interface WebhookNotifierOptions extends WebhookConfig {
  readonly log: Logger;
  /** Of one try. Default 5 s. */
  readonly timeoutMs?: number;
  /** Tries of one notification, the first included. Default 8: about two minutes. */
  readonly attemptsMax?: number;
  /** Pause after the first failure; it doubles up to a minute. Default 1 s. */
  readonly firstPauseMs?: number;
  /** Notifications that wait; what comes when so many do is dropped, loudly. Default 500. */
  readonly waitingMax?: number;
}

interface Notification {
  readonly id: string;
  readonly entry: HistoryEntry;
}

const longestPauseMs = 60_000;

/**
 * Tells a webhook what happens to the region: `POST {id, entry}`, signed, one after the other in order.
 *
 * At least once: an answer that was lost is tried again under the same `id`. Anything but 2xx is a failure. After `attemptsMax` tries the
 * notification is given up with a line in the log; the history has the entry in any case. Nothing waits for a notification: `notify`
 * returns at once. When the process stops what waits is tried once more, up to the first failure.
 */
export class WebhookNotifier {
  readonly #options: WebhookNotifierOptions;
  readonly #waiting: Notification[] = [];
  readonly #stopping = new AbortController();
  #sending: Promise<void> | undefined;

  constructor(options: WebhookNotifierOptions) {
    this.#options = options;
  }

  notify(entry: HistoryEntry): void {
    const { events, log, waitingMax = 500 } = this.#options;
    if (events !== undefined && !events.has(entry.event)) return;
    if (this.#stopping.signal.aborted || this.#waiting.length >= waitingMax) {
      log.error({ entry, waiting: this.#waiting.length }, 'a notification is dropped: too many wait, or the agent stops');
      return;
    }
    this.#waiting.push({ id: randomUUID(), entry });
    this.#sending ??= this.#send();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#sending;
  }

  async #send(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const isTaken = await this.#deliver(next);
      this.#waiting.shift();
      if (isTaken || !this.#stopping.signal.aborted) continue;
      if (this.#waiting.length > 0)
        this.#options.log.error({ waiting: this.#waiting.length }, 'the agent stops: notifications are dropped');
      break;
    }
    this.#sending = undefined;
  }

  async #deliver({ id, entry }: Notification): Promise<boolean> {
    const { attemptsMax = 8, firstPauseMs = 1_000, log } = this.#options;
    const body = JSON.stringify({ id, entry });
    for (let attempt = 1; ; attempt++) {
      const problem = await this.#post(body);
      if (problem === undefined) return true;
      if (attempt >= attemptsMax || this.#stopping.signal.aborted) {
        log.error({ id, entry, attempts: attempt, problem }, 'a notification is given up: the webhook did not take it');
        return false;
      }
      log.warn({ id, event: entry.event, attempt, attemptsMax, problem }, 'the webhook did not take a notification: it is tried again');
      await pause(Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs), this.#stopping.signal);
    }
  }

  /** Answers why it was not taken, or undefined. Each try is signed anew, for receivers refuse old ones. */
  async #post(body: string): Promise<string | undefined> {
    const { url, secret, timeoutMs = 5_000 } = this.#options;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'evenkeel-region-agent',
          [signatureHeader]: signatureOf(secret, Math.floor(Date.now() / 1000), body),
        },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `it answered ${response.status}`;
    } catch (error) {
      const { message, cause } = error as Error;
      return cause instanceof Error ? `${message}: ${cause.message}` : message;
    }
  }
}
