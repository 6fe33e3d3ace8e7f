/** Lets async code wait for a state that synchronous code brings about: `changed` after every change, `until` to wait. */
export class Condition {
  readonly #waiting = new Set<() => void>();

  /** How many wait just now: for who bounds them. */
  get waiting(): number {
    return this.#waiting.size;
  }

  changed(): void {
    for (const wake of Array.from(this.#waiting)) wake();
  }

  /** True as soon as the predicate holds, false when it still does not after `withinMs`. */
  async until(predicate: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!predicate()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      await this.#woken(leftMs);
    }
    return true;
  }

  #woken(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#waiting.add(wake);
    });
  }
}
