import type { Region, Segment } from '#contracts';
import { cursorAtBase, type LogCursor } from './cursor.ts';

/**
 * The merge: a reader walks all logs of a shard and takes segments in order of term. A log whose head has a later term is held back
 * until the earlier segments are complete up to the next base. Waits follow the order of terms, so they cannot form a cycle.
 */
export type Cursors = ReadonlyMap<Region, LogCursor>;

/** The cursor of a segment: that of its owner's log while it is in this term, else where the term starts. */
export function cursorOf(segment: Segment, cursors: Cursors): LogCursor {
  const cursor = cursors.get(segment.owner);
  return cursor?.term === segment.term ? cursor : cursorAtBase(segment.term, segment.base);
}

export type Progress =
  { readonly kind: 'at'; readonly index: number } | { readonly kind: 'never-complete'; readonly log: Region; readonly reason: string };

/** The segment to read now: the first, from `index` on, that is not complete up to its successor's base. */
export function progressFrom(segments: readonly Segment[], index: number, cursors: Cursors): Progress {
  for (let at = index; ; at++) {
    const next = segments[at + 1];
    if (next === undefined) return { kind: 'at', index: at };
    const cursor = cursorOf(segments[at]!, cursors);
    if (cursor.seq >= next.base) continue;
    if (!cursor.closed) return { kind: 'at', index: at };
    return {
      kind: 'never-complete',
      log: segments[at]!.owner,
      reason: `data loss: term ${cursor.term} is closed at ${cursor.seq}, its history goes on to ${next.base}`,
    };
  }
}

export type Admission = { readonly kind: 'admit' | 'wait' } | { readonly kind: 'never-complete'; readonly reason: string };

const admit: Admission = { kind: 'admit' };
const wait: Admission = { kind: 'wait' };

/**
 * Whether a log's head of segment `index` may be looked at while segment `at` is being read. A log's owner that has gone on to a
 * later term, before its own segment reached the next base, never completes it: its log has lost data.
 */
export function admission(segments: readonly Segment[], at: number, log: Region, index: number): Admission {
  if (index <= at) return admit;
  const current = segments[at]!;
  if (current.owner !== log) return wait;
  const base = segments[at + 1]!.base;
  return {
    kind: 'never-complete',
    reason: `data loss: the log goes on with term ${segments[index]!.term}, term ${current.term} is short of ${base}`,
  };
}
