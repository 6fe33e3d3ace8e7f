/** Offset after the last record of each partition, of every topic that the feed reads, as named in this region. */
export type LogEnds = ReadonlyMap<string, readonly number[]>;

interface Behind {
  readonly next: number;
  readonly sinceMs: number;
}

/**
 * Whether all is read that stood in the logs at one moment. A partition may be held back for as long as another region's log is missing: one
 * that has not moved for `heldBackMs` is not waited for. Pure: the time is given to it.
 */
export class ReadTarget {
  readonly #ends: LogEnds;
  readonly #heldBackMs: number;
  readonly #behind = new Map<string, Behind>();

  constructor(ends: LogEnds, heldBackMs: number) {
    this.#ends = ends;
    this.#heldBackMs = heldBackMs;
  }

  /** `nextOffset` undefined: the partition is not read. */
  isReached(nextOffset: (topic: string, partition: number) => number | undefined, nowMs: number): boolean {
    let reached = true;
    for (const [topic, partitions] of this.#ends)
      partitions.forEach((end, partition) => {
        const next = nextOffset(topic, partition) ?? end;
        if (next < end && !this.#isHeldBack(`${topic}:${partition}`, next, nowMs)) reached = false;
      });
    return reached;
  }

  #isHeldBack(place: string, next: number, nowMs: number): boolean {
    const known = this.#behind.get(place);
    if (known?.next === next) return nowMs - known.sinceMs >= this.#heldBackMs;
    this.#behind.set(place, { next, sinceMs: nowMs });
    return false;
  }
}
