import { setInterval } from 'node:timers';

const tickMs = 250;
/** A process that stood still for so long (a pause, a starved machine) must not take that for the silence of others. */
const gapMs = 1_250;

/** Since when this process has been looking without a break. */
export class Attention {
  readonly #nowMs: () => number;
  #lastMs: number;
  #sinceMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    [this.#lastMs, this.#sinceMs] = [nowMs(), nowMs()];
  }

  start(): void {
    this.#timer = setInterval(() => this.sinceMs(), tickMs);
  }

  sinceMs(): number {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs > gapMs) this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
    return this.#sinceMs;
  }

  /** It could see nothing until now, for another reason. */
  wasBlind(): void {
    this.#sinceMs = this.#nowMs();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
