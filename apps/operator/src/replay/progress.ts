export interface ProgressOptions {
  readonly total: number;
  readonly unit: string;
  /** Where lines go: standard error, so that standard output stays the answer's. */
  readonly write: (text: string) => void;
  /** A terminal's one line is written over; elsewhere a new line is written every `everyMs`. */
  readonly isTerminal: boolean;
  readonly everyMs: number;
  readonly nowMs: () => number;
}

const rateWindowMs = 30_000;

/** One line: done, rate over the last half minute, time left, retries. Pure but for `write`; the caller's timer calls `tick`. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #startedMs: number;
  #recent: { atMs: number; done: number }[];
  #done = 0;
  #retries = 0;
  #lastReason = '';

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedMs = options.nowMs();
    this.#recent = [{ atMs: this.#startedMs, done: 0 }];
  }

  done(): void {
    this.#done += 1;
  }

  retried(reason: string): void {
    this.#retries += 1;
    this.#lastReason = reason;
  }

  get retries(): number {
    return this.#retries;
  }

  tick(): void {
    const { isTerminal, write } = this.#options;
    write(isTerminal ? `\r\u001b[2K${this.line()}` : `${this.line()}\n`);
  }

  end(): void {
    const { isTerminal, write } = this.#options;
    write(isTerminal ? `\r\u001b[2K${this.line()}\n` : `${this.line()}\n`);
  }

  line(): string {
    const { total, unit, nowMs } = this.#options;
    const now = nowMs();
    this.#recent = [...this.#recent.filter(({ atMs }) => now - atMs <= rateWindowMs), { atMs: now, done: this.#done }];
    const since = this.#recent[0] ?? { atMs: this.#startedMs, done: 0 };
    const perSecond = now > since.atMs ? ((this.#done - since.done) * 1000) / (now - since.atMs) : 0;
    const percent = total === 0 ? 100 : Math.floor((this.#done * 100) / total);
    const left = perSecond > 0 ? duration((total - this.#done) / perSecond) : 'unknown';
    const retries = this.#retries === 0 ? '' : ` | ${this.#retries} retries, last: ${this.#lastReason.slice(0, 80)}`;
    return `${this.#done}/${total} ${unit} (${percent} %) | ${perSecond.toFixed(1)}/s | ${duration((now - this.#startedMs) / 1000)} | left: ${left}${retries}`;
  }
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % 60} s`;
}
