/** Since when something is what it is. */
export class Since {
  #what: string | undefined;
  #sinceMs = 0;

  /** Answers for how long it has been `what`. */
  note(what: string, nowMs: number): number {
    if (what !== this.#what) [this.#what, this.#sinceMs] = [what, nowMs];
    return nowMs - this.#sinceMs;
  }
}
