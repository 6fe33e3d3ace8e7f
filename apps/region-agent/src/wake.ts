/** Lets somebody who waits go on early. A wake while nobody waits is kept for the next wait. */
export class Wake {
  #due = false;
  #waiting: (() => void) | undefined;

  wake(): void {
    this.#due = true;
    this.#waiting?.();
  }

  /** Resolves when woken, after `ms`, or when the signal fires. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#due && !signal.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.#waiting, { once: true });
      });
    if (this.#waiting !== undefined) signal.removeEventListener('abort', this.#waiting);
    this.#waiting = undefined;
    this.#due = false;
  }
}
