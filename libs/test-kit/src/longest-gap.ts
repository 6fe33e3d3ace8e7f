/**
 * The longest time without an event, from `sinceMs` on: from then to the first event after it, and between later ones. Infinity when
 * nothing came any more.
 */
export function longestGapMs(timesMs: readonly number[], sinceMs: number): number {
  const after = timesMs.filter((atMs) => atMs >= sinceMs).toSorted((a, b) => a - b);
  if (after.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...after.map((atMs, index) => atMs - (after[index - 1] ?? sinceMs)));
}
