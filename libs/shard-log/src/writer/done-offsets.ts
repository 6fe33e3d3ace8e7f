/**
 * The offsets of one partition of commands that were taken and not all done: says up to where everything is done. After a rebalance
 * Kafka delivers again what was not done: an offset that is open or passed already changes nothing.
 */
export class DoneOffsets {
  readonly #open = new Map<number, boolean>();
  #next: number | undefined;

  take(offset: number): void {
    this.#next ??= offset;
    if (offset >= this.#next && !this.#open.has(offset)) this.#open.set(offset, false);
  }

  /** The offset before which everything is done, when this one moved it; else undefined. */
  done(offset: number): number | undefined {
    if (!this.#open.has(offset)) return undefined;
    this.#open.set(offset, true);
    const before = this.#next;
    for (const [oldest, isDone] of this.#open) {
      if (!isDone) break;
      this.#open.delete(oldest);
      this.#next = oldest + 1;
    }
    return this.#next === before ? undefined : this.#next;
  }
}
