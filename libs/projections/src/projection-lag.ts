/** So long the lag of the last stored rows is shown: every scrape and export meets it. */
const shownMs = 15_000;

/**
 * How old the log is that a projector's rows show, by the clocks of those who appended. For people, nothing is decided by it.
 *
 * What a reader has not read yet it does not know of: a backlog shows by the age of what is read from it, batch after batch.
 */
export class ProjectionLag {
  readonly #nowMs: () => number;
  /** Of what was read, and not taken for a transaction yet: when its oldest record was appended. */
  #readMs: number | undefined;
  #storingMs: number | undefined;
  #stored: { readonly lagMs: number; readonly atMs: number } = { lagMs: 0, atMs: -Infinity };

  /** `nowMs`: milliseconds since the epoch. */
  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** A batch of commits was read; `oldestMs`: when the oldest of the records read for it was appended. */
  read(oldestMs: number): void {
    this.#readMs = Math.min(oldestMs, this.#readMs ?? oldestMs);
  }

  /** All that was read is in a transaction now. What an earlier one left unstored stays the oldest. */
  storing(): void {
    this.#storingMs = oldestOf(this.#storingMs, this.#readMs);
    this.#readMs = undefined;
  }

  stored(): void {
    const atMs = this.#nowMs();
    if (this.#storingMs !== undefined) this.#stored = { lagMs: Math.max(0, atMs - this.#storingMs), atMs };
    this.#storingMs = undefined;
  }

  /** Another instance stores now, or everything is read anew. */
  reset(): void {
    this.#readMs = this.#storingMs = undefined;
  }

  get seconds(): number {
    const nowMs = this.#nowMs();
    const oldestMs = oldestOf(this.#storingMs, this.#readMs);
    const waiting = oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs);
    const shown = nowMs - this.#stored.atMs < shownMs ? this.#stored.lagMs : 0;
    return Math.max(waiting, shown) / 1_000;
  }
}

const oldestOf = (...timesMs: readonly (number | undefined)[]): number | undefined =>
  timesMs.reduce((oldest, timeMs) => (oldest === undefined || (timeMs !== undefined && timeMs < oldest) ? timeMs : oldest), undefined);
