import type { Region, ShardId } from '#contracts';

/** Where a shard was closed, or opened by a writer: what stands in a region's own log. */
export interface LogMark {
  readonly kind: 'close' | 'fence';
  readonly region: Region;
  readonly shard: ShardId;
  readonly term: number;
  /** When it was appended, by the clock of the region's machine. */
  readonly atMs: number;
}

export interface WritePause {
  readonly shard: ShardId;
  readonly from: Region;
  readonly to: Region;
  readonly closedTerm: number;
  readonly openedTerm: number;
  /** From the close to the next owner's fence; Infinity: nobody has opened the shard since. */
  readonly ms: number;
}

/**
 * How long no writer had each shard, at each change of owner or term that began with a close. A takeover of a lost region's shards has
 * none: its pause is what clients see. Marks of one shard stand in the order of their terms; repeats of a close count from the first.
 */
export function writePauses(marks: readonly LogMark[]): readonly WritePause[] {
  const byShard = Map.groupBy(marks, ({ shard }) => shard);
  return [...byShard].flatMap(([shard, of]) => {
    const inOrder = of.toSorted((a, b) => a.term - b.term || a.atMs - b.atMs);
    const closes = inOrder.filter((mark, i) => mark.kind === 'close' && !isRepeat(inOrder, i));
    return closes.map((close): WritePause => {
      const fence = inOrder.find((mark) => mark.kind === 'fence' && mark.term > close.term);
      return {
        shard,
        from: close.region,
        to: fence?.region ?? close.region,
        closedTerm: close.term,
        openedTerm: fence?.term ?? close.term,
        ms: fence === undefined ? Infinity : Math.max(0, fence.atMs - close.atMs),
      };
    });
  });
}

const isRepeat = (inOrder: readonly LogMark[], i: number): boolean =>
  inOrder.slice(0, i).some(({ kind, term }) => kind === 'close' && term === inOrder[i]!.term);
