import { setTimeout as delay } from 'node:timers/promises';

/** One look at everything that is to agree. */
export interface Look<Difference> {
  readonly differences: readonly Difference[];
  /** Changes whenever something has moved. */
  readonly fingerprint: string;
}

export interface LookOptions<Difference, Seen extends Look<Difference>> {
  readonly look: () => Promise<Seen>;
  readonly describe: (difference: Difference) => string;
  readonly signal: AbortSignal;
  readonly onWait: (why: string) => void;
  readonly pollMs: number;
  /** What still differs after nothing has moved for so long will not mend itself. Longer than the sweepers' interval. */
  readonly quietMs: number;
  readonly giveUpAfterMs: number;
}

/** Looks again and again while something still moves: until nothing differs, or nothing has moved for `quietMs`, or `giveUpAfterMs` have passed. */
export async function lookUntilStill<Difference, Seen extends Look<Difference>>(
  options: LookOptions<Difference, Seen>,
): Promise<Seen & { readonly seconds: number }> {
  const { look, describe, signal, onWait, pollMs, quietMs, giveUpAfterMs } = options;
  const startedMs = performance.now();
  let [movedMs, lastSeen] = [startedMs, ''];
  for (;;) {
    signal.throwIfAborted();
    const seen = await look();
    const nowMs = performance.now();
    if (seen.fingerprint !== lastSeen) [movedMs, lastSeen] = [nowMs, seen.fingerprint];
    const [first] = seen.differences;
    if (first === undefined || nowMs - movedMs > quietMs || nowMs - startedMs > giveUpAfterMs)
      return { ...seen, seconds: (nowMs - startedMs) / 1000 };
    onWait(`${seen.differences.length} differences, first: ${describe(first)}`);
    await delay(pollMs, undefined, { signal });
  }
}
