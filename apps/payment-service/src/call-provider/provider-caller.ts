import type { OrderId } from '#contracts';
import { assertNever } from '#kernel';
import type { ProviderCall } from '../domain/intents.ts';
import type { PaymentProvider, ProviderOutcome } from '../provider/payment-provider.port.ts';
import { CallSchedule } from './call-schedule.ts';
import { outcomeCommand, type OutcomeCommand } from './outcome.command.ts';
import { OutcomeEmitter } from './outcome-emitter.ts';

export interface CallerClock {
  nowMs(): number;
  /** UTC, ISO 8601. */
  now(): string;
  /** @returns how to cancel it. */
  setTimer(run: () => void, ms: number): () => void;
}

export const systemClock: CallerClock = {
  nowMs: () => performance.now(),
  now: () => new Date().toISOString(),
  setTimer: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface ProviderCallerOptions {
  readonly provider: PaymentProvider;
  /** Appends outcome commands to this region's `payment.commands`; called again when it fails. */
  readonly emit: (commands: readonly OutcomeCommand[]) => Promise<void>;
  /** Something went wrong that time may mend; `failures` in a row of this call. */
  readonly onTrouble: (trouble: {
    readonly what: 'call' | 'emit';
    readonly key: string | undefined;
    readonly failures: number;
    readonly error: unknown;
  }) => void;
  /** The provider refused for good to capture or to refund. */
  readonly onRefused?: (refused: { readonly kind: 'capture' | 'refund'; readonly orderId: OrderId; readonly reason: string }) => void;
  readonly clock?: CallerClock;
  readonly random?: () => number;
  readonly concurrencyMax?: number;
  readonly firstRetryMs?: number;
  readonly retryMaxMs?: number;
  readonly repeatMs?: number;
}

/**
 * Makes the provider calls that the settled log says are outstanding, and puts their outcomes before the payment's shard.
 *
 * Guarantees: only calls that were stated as outstanding are made; never two at once for one key; the key never changes, so a
 * repeated call (after a crash, a takeover, an unknown outcome) charges nothing twice; an outcome is emitted until the log shows
 * it. It does not give up: a call that stays unknown is retried every `retryMaxMs` and reported through `onTrouble`.
 */
export class ProviderCaller {
  readonly #options: ProviderCallerOptions;
  readonly #clock: CallerClock;
  readonly #schedule: CallSchedule;
  readonly #emitter: OutcomeEmitter;
  readonly #calls = new Set<Promise<void>>();
  #cancelWake: (() => void) | undefined;
  #closed = false;

  constructor(options: ProviderCallerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#schedule = new CallSchedule({
      concurrencyMax: options.concurrencyMax ?? 32,
      firstRetryMs: options.firstRetryMs ?? 200,
      retryMaxMs: options.retryMaxMs ?? 10_000,
      random: options.random ?? Math.random,
    });
    this.#emitter = new OutcomeEmitter({
      emit: options.emit,
      retryMs: options.firstRetryMs ?? 200,
      repeatMs: options.repeatMs ?? 15_000,
      setTimer: this.#clock.setTimer,
      onFailure: (error, failures) => options.onTrouble({ what: 'emit', key: undefined, failures, error }),
    });
  }

  /**
   * States all calls that the settled log shows as outstanding for one order (or other owner of calls): none when it has no more,
   * and none when this region no longer owns its shard.
   */
  setOutstanding(order: string, calls: readonly ProviderCall[]): void {
    if (this.#closed) return;
    for (const gone of this.#schedule.setOutstanding(order, calls)) this.#emitter.forget(gone);
    this.#go();
  }

  /** Nothing that was stated holds any more: another instance makes the calls, under the same keys. Running ones end unheard. */
  clearOutstanding(): void {
    for (const order of this.#schedule.orders()) this.setOutstanding(order, []);
  }

  /** For health and metrics. */
  counts(): { readonly outstanding: number; readonly running: number; readonly waiting: number; readonly unsettled: number } {
    return { ...this.#schedule.counts(), unsettled: this.#emitter.unsettled };
  }

  /** Starts nothing more; resolves when running calls have ended (each bounded by the provider's timeout). */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelWake?.();
    await Promise.all(this.#calls);
    await this.#emitter.close();
  }

  #go(): void {
    if (this.#closed) return;
    for (const call of this.#schedule.start(this.#clock.nowMs())) {
      const running: Promise<void> = this.#make(call).finally(() => {
        this.#calls.delete(running);
        this.#go();
      });
      this.#calls.add(running);
    }
    this.#wakeWhenDue();
  }

  #wakeWhenDue(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    const { running } = this.#schedule.counts();
    const dueMs = this.#schedule.nextDueMs();
    if (dueMs === undefined || running >= (this.#options.concurrencyMax ?? 32)) return; // a call that ends comes here again
    this.#cancelWake = this.#clock.setTimer(() => this.#go(), Math.max(1, Math.ceil(dueMs - this.#clock.nowMs())));
  }

  async #make(call: ProviderCall): Promise<void> {
    let outcome: ProviderOutcome;
    try {
      outcome = await this.#ask(call);
    } catch (error) {
      const failures = this.#schedule.failed(call.idempotencyKey, this.#clock.nowMs());
      if (failures > 0) this.#options.onTrouble({ what: 'call', key: call.idempotencyKey, failures, error });
      return;
    }
    if (!this.#schedule.answered(call.idempotencyKey)) return;
    const { kind, orderId } = call;
    if (outcome.outcome === 'declined' && (kind === 'capture' || kind === 'refund'))
      this.#options.onRefused?.({ kind, orderId, reason: outcome.reason });
    this.#emitter.add(call.idempotencyKey, outcomeCommand(call, outcome, this.#clock.now()));
  }

  #ask(call: ProviderCall): Promise<ProviderOutcome> {
    const { provider } = this.#options;
    switch (call.kind) {
      case 'authorize':
        return provider.authorize(call);
      case 'capture':
        return provider.capture(call);
      case 'void':
        return provider.void(call);
      case 'refund':
        return provider.refund(call);
      default:
        return assertNever(call);
    }
  }
}
