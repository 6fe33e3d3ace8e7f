/** Lets async code wait for a state that synchronous code brings about: `changed` after every change, `until` to wait. */
export class Condition {
  #waiting: (() => void)[] = [];

  changed(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
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
      const timer = setTimeout(resolve, withinMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
