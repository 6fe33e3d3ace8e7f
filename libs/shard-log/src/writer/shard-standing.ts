import type { Region, Segment } from '#contracts';
import type { LogCursor } from '../core/cursor.ts';

/**
 * Who may write a shard, as the lineage and this region's own log tell it. `nobody`: this region's segment is not known yet, its history
 * is not read to the base yet, or it is closed and has no successor yet; somebody will write soon, here or elsewhere.
 */
export type ShardStanding =
  | { readonly is: 'here'; readonly segment: Segment }
  | { readonly is: 'elsewhere'; readonly owner: Region; readonly term: number }
  | { readonly is: 'nobody'; readonly because: string; readonly term: number }
  | { readonly is: 'standing-still'; readonly because: string };

export interface StandingOf {
  readonly cursor: LogCursor;
  readonly lastSegment: Segment | undefined;
  readonly stopped: string | undefined;
}

export function standingOf({ cursor, lastSegment: segment, stopped }: StandingOf, here: Region): ShardStanding {
  if (stopped !== undefined) return { is: 'standing-still', because: stopped };
  if (segment === undefined) return { is: 'nobody', because: 'no lineage is known yet', term: 0 };
  const { term, owner, base } = segment;
  if (owner !== here) return { is: 'elsewhere', owner, term };
  if (cursor.term < term) return { is: 'nobody', because: `its history is not read to ${base} yet`, term };
  if (cursor.closed || cursor.term > term) return { is: 'nobody', because: `term ${term} is closed and has no successor yet`, term };
  return { is: 'here', segment };
}

/** Whether two standings call for the same doing. */
export const isSameStanding = (a: ShardStanding, b: ShardStanding): boolean => a.is === b.is && termOf(a) === termOf(b);

const termOf = (standing: ShardStanding): number =>
  standing.is === 'here' ? standing.segment.term : standing.is === 'standing-still' ? 0 : standing.term;
