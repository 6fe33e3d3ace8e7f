import type { Lineage, Region } from '#contracts';

/**
 * Whether `here` may drop and re-create its mirror of `of`'s logs. A mirror is the second copy of what is settled, so only while `of`
 * goes on alone: then no receipt of ours settles anything, and nobody may take over by them (TRACES 9).
 */
export function mayDropMirror(lineage: Lineage, here: Region, of: Region): { readonly allowed: boolean; readonly because: string } {
  const { status } = lineage;
  if (status.status !== 'solo' || status.region !== of)
    return {
      allowed: false,
      because: `the status is ${status.status}: our mirror is the second copy of what ${of} has answered as settled`,
    };
  const relying = Object.entries(lineage.shards).filter(([, segments]) => {
    const last = segments.at(-1)!;
    return last.owner === of && last.mirror === here && last.mode === 'paired';
  });
  if (relying.length > 0) return { allowed: false, because: `${relying.length} shards of ${of} settle by our receipts` };
  return { allowed: true, because: `${of} goes on alone and settles nothing by our copy` };
}
