import { regionListAnswerSchema } from '#contracts/browser';
import { chooseEndpoint } from './core/next-step.ts';
import type { RegionBook } from './region-book.ts';
import { tryOnce } from './try-once.ts';

/**
 * `GET /v1/regions`; an API without it is fine, the given addresses are what there is then.
 * Kept fresh while calls are made: no timer of its own, one question at a time, failures change nothing.
 */
export class RegionList {
  readonly #book: RegionBook;
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(book: RegionBook, everyMs: number, timeoutMs: number, signal: AbortSignal) {
    this.#book = book;
    this.#everyMs = everyMs;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
  }

  /** Asks in the background when it is time. @param soon after a failed try, when more is to be known */
  refresh(soon: boolean): void {
    if (this.#everyMs === 0 || this.#asking !== undefined || this.#signal.aborted) return;
    if (performance.now() - this.#askedMs < (soon ? this.#everyMs / 10 : this.#everyMs)) return;
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
  }

  /** Never rejects: `tryOnce` does not. */
  async #ask(): Promise<void> {
    const nowMs = performance.now();
    this.#askedMs = nowMs;
    const state = {
      deadlineMs: nowMs + 1,
      triesMax: 1,
      started: 0,
      lastEndMs: nowMs,
      pauseMaxMs: 0,
      running: [],
      bars: new Map(),
      failures: new Map(),
    };
    const choice = chooseEndpoint({ ...state, hedgeAfterMs: undefined, winding: false }, this.#book.landscape, nowMs);
    if (choice === undefined) return;
    const { outcome } = await tryOnce({
      url: `${choice.endpoint.url}/v1/regions`,
      method: 'GET',
      headers: {},
      body: undefined,
      timeoutMs: this.#timeoutMs,
      signal: this.#signal,
    });
    if (outcome === 'cancelled' || outcome.kind !== 'answered' || outcome.status !== 200) return;
    const parsed = regionListAnswerSchema.safeParse(outcome.body);
    if (parsed.success) this.#book.refreshed(parsed.data.regions);
  }
}
