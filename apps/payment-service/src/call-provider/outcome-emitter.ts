import type { OutcomeCommand } from './outcome.command.ts';

export interface EmitterOptions {
  /** Appends the commands to this region's `payment.commands`. May fail: it is then called again with them. */
  readonly emit: (commands: readonly OutcomeCommand[]) => Promise<void>;
  readonly retryMs: number;
  /** An outcome that the log has not shown after so long is emitted again: its command may have been lost or bounced. */
  readonly repeatMs: number;
  readonly onFailure: (error: unknown, waiting: number) => void;
  readonly setTimer: (run: () => void, ms: number) => () => void;
}

const batchMax = 500;

/**
 * Holds each outcome until the log shows it: one `emit` at a time, everything that came meanwhile in the next. Its memory is
 * bounded by what is outstanding. A process that dies loses it, and asks the provider again under the same key.
 */
export class OutcomeEmitter {
  readonly #options: EmitterOptions;
  readonly #waiting = new Map<string, OutcomeCommand>();
  readonly #emitted = new Map<string, { readonly command: OutcomeCommand; readonly cancel: () => void }>();
  #emitting: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: EmitterOptions) {
    this.#options = options;
  }

  /** `key` is the provider call's. */
  add(key: string, command: OutcomeCommand): void {
    if (this.#closed) return;
    this.#waiting.set(key, command);
    this.#go();
  }

  /** The log shows the outcome, or it concerns nobody any more. */
  forget(key: string): void {
    this.#waiting.delete(key);
    this.#emitted.get(key)?.cancel();
    this.#emitted.delete(key);
  }

  get unsettled(): number {
    return this.#waiting.size + this.#emitted.size;
  }

  /** Emits no more; resolves when a running `emit` has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    for (const { cancel } of this.#emitted.values()) cancel();
    await this.#emitting;
  }

  #go(): void {
    if (this.#closed || this.#emitting !== undefined || this.#cancelRetry !== undefined || this.#waiting.size === 0) return;
    this.#emitting = this.#emitAll().finally(() => {
      this.#emitting = undefined;
      this.#go(); // for what was added after its last look
    });
  }

  async #emitAll(): Promise<void> {
    await Promise.resolve(); // what is answered in the same turn goes into one batch
    while (this.#waiting.size > 0 && !this.#closed) {
      const batch = [...this.#waiting].slice(0, batchMax);
      try {
        await this.#options.emit(batch.map(([, command]) => command));
      } catch (error) {
        this.#options.onFailure(error, this.#waiting.size);
        this.#retryLater();
        return;
      }
      for (const [key, command] of batch) if (this.#waiting.get(key) === command) this.#keepAnEyeOn(key, command);
    }
  }

  #keepAnEyeOn(key: string, command: OutcomeCommand): void {
    this.#waiting.delete(key);
    if (this.#closed) return;
    const cancel = this.#options.setTimer(() => {
      this.#emitted.delete(key);
      this.add(key, command);
    }, this.#options.repeatMs);
    this.#emitted.set(key, { command, cancel });
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#cancelRetry = this.#options.setTimer(() => {
      this.#cancelRetry = undefined;
      this.#go();
    }, this.#options.retryMs);
  }
}
