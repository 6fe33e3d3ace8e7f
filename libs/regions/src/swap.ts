import { isDeepStrictEqual } from 'node:util';
import { lineageSchema, type Lineage } from '#contracts';
import { LineageUnavailableError, type LineageStore, type StoredLineage, type SwapOutcome } from './lineage-store.port.ts';
import { illegalSteps } from './succession.ts';

/** A lineage that may not follow the one that was read: a bug of whoever computed it. Nothing was sent. */
export class IllegalLineageError extends Error {
  override readonly name = 'IllegalLineageError';
}

export interface SwapOptions {
  /** How often a change whose answer was lost is tried again. Safe: it compares with the same revision each time. */
  readonly attemptsMax: number;
}

/**
 * Swaps, and resolves a lost answer by reading back: stored, if the state read is the one that was sent; else a conflict, if the
 * revision has moved; else it is tried again. `unknown` remains when the store stays silent.
 *
 * `before` undefined creates the first lineage.
 */
export async function swapAndReadBack(
  store: LineageStore,
  before: StoredLineage | undefined,
  after: Lineage,
  { attemptsMax }: SwapOptions = { attemptsMax: 3 },
): Promise<SwapOutcome> {
  if (before !== undefined) {
    const illegal = illegalSteps(before.lineage, after);
    if (illegal.length > 0) throw new IllegalLineageError(illegal.join('; '));
  }
  const sent = lineageSchema.parse(after);
  let last: SwapOutcome = { outcome: 'unknown', reason: 'not tried' };
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    last = await (before === undefined ? store.create(sent) : store.compareAndSwap(before.revision, sent));
    const doubted = last.outcome === 'unknown' || attempt > 0;
    if (!doubted || last.outcome === 'stored') return last;
    // A conflict after a doubtful attempt may be our own first attempt that has arrived.
    const current = await readOrUnknown(store);
    if (current === 'unknown') continue;
    if (current !== undefined && isDeepStrictEqual(current.lineage, sent)) return { outcome: 'stored', revision: current.revision };
    if (current?.revision !== before?.revision) return { outcome: 'conflict', current };
  }
  return last;
}

async function readOrUnknown(store: LineageStore): Promise<StoredLineage | undefined | 'unknown'> {
  try {
    return await store.read();
  } catch (error) {
    if (error instanceof LineageUnavailableError) return 'unknown';
    throw error;
  }
}
