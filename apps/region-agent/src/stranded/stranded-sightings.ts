/**
 * Stranded commits in the own logs, as they pass by whoever reads these logs all the time: a writer that has not heard of the end of its term may append
 * one long after the region has returned and looked. Counted, not kept: `StrandedOffers` looks for itself.
 */
export class StrandedSightings {
  #seen: number;
  #lookedThrough = 0;

  constructor(unlooked = 0) {
    this.#seen = unlooked;
  }

  noted(): void {
    this.#seen += 1;
  }

  /** How many there were up to now: what is looked for after it finds them all. */
  get seen(): number {
    return this.#seen;
  }

  /** How many have not been looked for. Survives a restart with the checkpoint of who notes them. */
  get unlooked(): number {
    return this.#seen - this.#lookedThrough;
  }

  /** All that `seen` said then has been found and offered again. */
  lookedThrough(seen: number): void {
    this.#lookedThrough = Math.max(this.#lookedThrough, seen);
  }
}
