import { assert } from '#kernel';
import type { ProviderCall } from '../domain/intents.ts';

export interface ScheduleOptions {
  readonly concurrencyMax: number;
  /** The n-th retry of a call comes after firstRetryMs * 2^(n-1), at most retryMaxMs, of which the upper half is jittered. */
  readonly firstRetryMs: number;
  readonly retryMaxMs: number;
  /** In [0, 1): seeded in tests. */
  readonly random: () => number;
}

interface Entry {
  readonly call: ProviderCall;
  /** `answered` waits for the log to say that the call is no longer outstanding. */
  readonly phase: 'due' | 'running' | 'waiting' | 'answered';
  readonly failures: number;
  /** When a waiting one becomes due. */
  readonly dueMs: number;
}

/**
 * Which outstanding calls to make now: pure bookkeeping, no clock, no I/O.
 *
 * Never starts a key that runs already, even when its call was dropped and is outstanding again. Calls start in the order in
 * which they became outstanding; those that failed wait apart and hold up nobody.
 */
export class CallSchedule {
  readonly #options: ScheduleOptions;
  readonly #entries = new Map<string, Entry>();
  /** Keys of each order's outstanding calls. */
  readonly #keysOf = new Map<string, readonly string[]>();
  readonly #due = new Set<string>();
  readonly #waiting = new Map<string, number>();
  readonly #running = new Set<string>();

  constructor(options: ScheduleOptions) {
    assert(options.concurrencyMax > 0, 'at least one call at a time');
    this.#options = options;
  }

  /**
   * States all that is outstanding for one order now. What is known goes on as it was, what is missing is forgotten.
   * @returns the keys that were forgotten.
   */
  setOutstanding(order: string, calls: readonly ProviderCall[]): readonly string[] {
    const keys = calls.map((call) => call.idempotencyKey);
    const gone = (this.#keysOf.get(order) ?? []).filter((key) => !keys.includes(key));
    for (const key of gone) this.#forget(key);
    if (keys.length === 0) this.#keysOf.delete(order);
    else this.#keysOf.set(order, keys);
    for (const call of calls) {
      if (this.#entries.has(call.idempotencyKey)) continue;
      this.#entries.set(call.idempotencyKey, { call, phase: 'due', failures: 0, dueMs: 0 });
      this.#due.add(call.idempotencyKey);
    }
    return gone;
  }

  /** Orders that have outstanding calls. */
  orders(): readonly string[] {
    return [...this.#keysOf.keys()];
  }

  /** The calls to start now; they count as running until `answered` or `failed`. */
  start(nowMs: number): readonly ProviderCall[] {
    for (const [key, dueMs] of this.#waiting) if (dueMs <= nowMs) this.#becomeDue(key);
    const started: ProviderCall[] = [];
    for (const key of this.#due) {
      if (this.#running.size >= this.#options.concurrencyMax) break;
      if (this.#running.has(key)) continue; // dropped and outstanding again while it runs: it starts when that run has ended
      const entry = this.#entries.get(key);
      assert(entry !== undefined, `a due call is outstanding: ${key}`);
      this.#due.delete(key);
      this.#running.add(key);
      this.#entries.set(key, { ...entry, phase: 'running' });
      started.push(entry.call);
    }
    return started;
  }

  /** @returns false when the call is no longer outstanding: its answer concerns nobody. */
  answered(key: string): boolean {
    const entry = this.#ended(key);
    if (entry === undefined) return false;
    this.#due.delete(key);
    this.#entries.set(key, { ...entry, phase: 'answered' });
    return true;
  }

  /** The outcome is unknown: the call is due again after a growing pause. @returns the failures in a row, 0 if it concerns nobody. */
  failed(key: string, nowMs: number): number {
    const entry = this.#ended(key);
    if (entry?.phase !== 'running') return 0;
    const failures = entry.failures + 1;
    const dueMs = nowMs + this.#pauseMs(failures);
    this.#entries.set(key, { ...entry, phase: 'waiting', failures, dueMs });
    this.#waiting.set(key, dueMs);
    return failures;
  }

  /** When `start` next has something to do because time has passed; undefined when only an event can change that. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const dueMs of this.#waiting.values()) if (next === undefined || dueMs < next) next = dueMs;
    return next;
  }

  counts(): { readonly outstanding: number; readonly running: number; readonly waiting: number } {
    return { outstanding: this.#entries.size, running: this.#running.size, waiting: this.#waiting.size };
  }

  #ended(key: string): Entry | undefined {
    assert(this.#running.delete(key), `a call that ends was running: ${key}`);
    return this.#entries.get(key);
  }

  #becomeDue(key: string): void {
    const entry = this.#entries.get(key);
    assert(entry !== undefined, `a waiting call is outstanding: ${key}`);
    this.#waiting.delete(key);
    this.#entries.set(key, { ...entry, phase: 'due' });
    this.#due.add(key);
  }

  #forget(key: string): void {
    this.#entries.delete(key);
    this.#due.delete(key);
    this.#waiting.delete(key);
  }

  #pauseMs(failures: number): number {
    const { firstRetryMs, retryMaxMs, random } = this.#options;
    const pause = Math.min(retryMaxMs, firstRetryMs * 2 ** Math.min(failures - 1, 30));
    return pause / 2 + (random() * pause) / 2;
  }
}
