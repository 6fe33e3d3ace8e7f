import { assert, assertNever } from '#kernel';
import type { ShardRecord, WriterId } from './records.ts';

/**
 * The cursor: walks one shard in one region's log, one term at a time. Every reader shares this table, so that writer, HTTP edge,
 * projector, process manager and the other region agree on what counts (DESIGN.md, "Reading a shard").
 */
export interface LogCursor {
  readonly term: number;
  /** 0 before the term's first accepted fence. */
  readonly generation: number;
  readonly writer: WriterId | null;
  readonly seq: number;
  /** The term's first close in this log was read: nothing after it counts. */
  readonly closed: boolean;
}

/** A term starts at its segment's base, with generation 0 and no writer. */
export const cursorAtBase = (term: number, base: number): LogCursor => ({ term, generation: 0, writer: null, seq: base, closed: false });

/** One name per row of the table, in its order. */
export type CursorVerdict =
  | 'earlier-term'
  | 'closed-term'
  | 'later-term'
  | 'fence-repeated'
  | 'fence-accepted'
  | 'fence-overtaken'
  | 'fence-gap'
  | 'commit-of-zombie'
  | 'commit-of-unseen-generation'
  | 'commit-of-other-writer'
  | 'commit-repeated'
  | 'commit-accepted'
  | 'commit-gap'
  | 'close-accepted';

/** What follows from a verdict. `move`: the cursor moves to the record's term when the merge lets it, and looks again. */
export type CursorEffect = { readonly effect: 'accept' | 'move' } | { readonly effect: 'void' | 'stop'; readonly reason: string };

export const effectOf: Readonly<Record<CursorVerdict, CursorEffect>> = {
  'earlier-term': { effect: 'void', reason: 'its term is over in this log' },
  'closed-term': { effect: 'void', reason: 'its term is closed in this log' },
  'later-term': { effect: 'move' },
  'fence-repeated': { effect: 'void', reason: 'a fence of this generation was accepted before' },
  'fence-accepted': { effect: 'accept' },
  'fence-overtaken': { effect: 'void', reason: 'a commit came between the fence and what its writer had read' },
  'fence-gap': { effect: 'stop', reason: 'gap: a fence continues from what this log does not hold' },
  'commit-of-zombie': { effect: 'void', reason: 'its writer was fenced off' },
  'commit-of-unseen-generation': {
    effect: 'stop',
    reason: 'data loss: a commit of a generation whose fence does not fit what was read here',
  },
  'commit-of-other-writer': { effect: 'stop', reason: 'data loss: two histories under one generation' },
  'commit-repeated': { effect: 'void', reason: 'duplicate' },
  'commit-accepted': { effect: 'accept' },
  'commit-gap': { effect: 'stop', reason: 'gap: commits are missing before this one' },
  'close-accepted': { effect: 'accept' },
};

/** The first row that matches. */
export function judge(cursor: LogCursor, record: ShardRecord): CursorVerdict {
  if (record.term < cursor.term) return 'earlier-term';
  if (record.term > cursor.term) return 'later-term';
  if (cursor.closed) return 'closed-term';
  switch (record.kind) {
    case 'fence':
      if (record.generation <= cursor.generation) return 'fence-repeated';
      if (record.generation === cursor.generation + 1 && record.base === cursor.seq) return 'fence-accepted';
      return record.base < cursor.seq ? 'fence-overtaken' : 'fence-gap';
    case 'commit':
      if (record.generation < cursor.generation) return 'commit-of-zombie';
      if (record.generation > cursor.generation) return 'commit-of-unseen-generation';
      if (record.writer !== cursor.writer) return 'commit-of-other-writer';
      if (record.seq <= cursor.seq) return 'commit-repeated';
      return record.seq === cursor.seq + 1 ? 'commit-accepted' : 'commit-gap';
    case 'close':
      return 'close-accepted';
    default:
      return assertNever(record);
  }
}

/** The cursor after a record that it accepted. */
export function after(cursor: LogCursor, record: ShardRecord): LogCursor {
  assert(record.term === cursor.term, 'a cursor accepts records of its own term only');
  switch (record.kind) {
    case 'fence':
      return { ...cursor, generation: record.generation, writer: record.writer };
    case 'commit':
      assert(record.seq === cursor.seq + 1, 'a cursor never skips a seq');
      return { ...cursor, seq: record.seq };
    case 'close':
      return { ...cursor, closed: true };
    default:
      return assertNever(record);
  }
}
