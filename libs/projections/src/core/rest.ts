/** Milliseconds. */
export interface WritePace {
  /** From the start of one transaction to the start of the next, once there is a stream of commits: at least so long. */
  readonly intervalMs: number;
  /** From the end of one transaction to the start of the next: at most so long, unless the interval asks for more. */
  readonly restMaxMs: number;
}

const restPerWork = 2;

/**
 * How long to rest after a transaction that took `tookMs` milliseconds. A transaction takes long when the machine is busy: then fewer and
 * larger ones are what spares it, for most of a transaction's cost does not depend on its size. One that was full is followed at once.
 */
export function restAfter(tookMs: number, wasFull: boolean, { intervalMs, restMaxMs }: WritePace): number {
  if (wasFull) return 0;
  return Math.max(0, intervalMs - tookMs, Math.min(restMaxMs, restPerWork * tookMs));
}
