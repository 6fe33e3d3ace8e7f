import { describe, expect, it } from 'vitest';
import { after, cursorAtBase, effectOf, judge, type CursorVerdict, type LogCursor } from './cursor.ts';
import { close, commit, fence } from './reading.fixture.ts';
import type { ShardRecord } from './records.ts';

const cursor: LogCursor = { term: 3, generation: 2, writer: 't3g2', seq: 10, closed: false };
const closed: LogCursor = { ...cursor, closed: true };

describe('every row of the cursor table', () => {
  it.each<[string, LogCursor, ShardRecord, CursorVerdict, string]>([
    ['a commit of a lower term', cursor, commit(2, 9, 11), 'earlier-term', 'void'],
    ['a fence of a lower term', cursor, fence(2, 3, 10), 'earlier-term', 'void'],
    ['a close of a lower term', cursor, close(2), 'earlier-term', 'void'],
    ['a commit of a closed term', closed, commit(3, 2, 11), 'closed-term', 'void'],
    ['a fence of a closed term', closed, fence(3, 3, 10), 'closed-term', 'void'],
    ['a second close', closed, close(3), 'closed-term', 'void'],
    ['a commit of a higher term', cursor, commit(4, 1, 11), 'later-term', 'move'],
    ['a fence of a higher term, though this one is closed', closed, fence(4, 1, 10), 'later-term', 'move'],
    ['a fence of the cursor’s generation', cursor, fence(3, 2, 10, 'other'), 'fence-repeated', 'void'],
    ['a fence of a lower generation', cursor, fence(3, 1, 0), 'fence-repeated', 'void'],
    ['the next fence at the cursor’s seq', cursor, fence(3, 3, 10), 'fence-accepted', 'accept'],
    ['the next fence below the cursor’s seq', cursor, fence(3, 3, 9), 'fence-overtaken', 'void'],
    ['the next fence above the cursor’s seq', cursor, fence(3, 3, 11), 'fence-gap', 'stop'],
    ['a fence that skips a generation', cursor, fence(3, 4, 10), 'fence-gap', 'stop'],
    ['a fence that skips a generation, below the cursor’s seq', cursor, fence(3, 4, 9), 'fence-overtaken', 'void'],
    ['a commit of a lower generation', cursor, commit(3, 1, 11), 'commit-of-zombie', 'void'],
    ['a commit of a higher generation', cursor, commit(3, 3, 11), 'commit-of-unseen-generation', 'stop'],
    ['a commit of another writer', cursor, commit(3, 2, 11, 'other'), 'commit-of-other-writer', 'stop'],
    ['a commit of another writer, though its seq was read', cursor, commit(3, 2, 10, 'other'), 'commit-of-other-writer', 'stop'],
    ['a commit that was read', cursor, commit(3, 2, 10), 'commit-repeated', 'void'],
    ['the next commit', cursor, commit(3, 2, 11), 'commit-accepted', 'accept'],
    ['a commit beyond the next', cursor, commit(3, 2, 12), 'commit-gap', 'stop'],
    ['a close', cursor, close(3), 'close-accepted', 'accept'],
    ['a commit before any fence of the term', cursorAtBase(3, 10), commit(3, 1, 11), 'commit-of-unseen-generation', 'stop'],
  ])('%s', (_, at, record, verdict, effect) => {
    expect(judge(at, record)).toBe(verdict);
    expect(effectOf[verdict].effect).toBe(effect);
  });
});

describe('what a cursor takes from a record that it accepted', () => {
  it('generation and writer from a fence', () => {
    expect(after(cursor, fence(3, 3, 10, 'new'))).toEqual({ ...cursor, generation: 3, writer: 'new' });
  });
  it('seq from a commit', () => {
    expect(after(cursor, commit(3, 2, 11))).toEqual({ ...cursor, seq: 11 });
  });
  it('the end of the term from a close', () => {
    expect(after(cursor, close(3))).toEqual(closed);
  });
});
