import { describe, expect, it } from 'vitest';
import { commandId, type Segment } from '#contracts';
import type { Commit, Fence } from '../core/records.ts';
import { east, oneShard, shard, west } from './one-shard.fixture.ts';

const fence = (term: number, generation: number, base: number): Fence => ({
  kind: 'fence',
  shard,
  term,
  generation,
  writer: `other${term}`,
  base,
});
const commit = (term: number, generation: number, seq: number): Commit => ({
  kind: 'commit',
  shard,
  term,
  generation,
  writer: `other${term}`,
  seq,
  cause: commandId(`of the other, ${term}.${seq}`),
  correlation: '',
  traceparent: '',
  streams: ['pool'],
  body: '[]',
});
const receipt = (term: number, seq: number) => ({ shard, term, generation: 1, writer: `other${term}`, seq });

describe('a writer that opens its shard', () => {
  it('calls nothing lost that another instance wrote, and west receipted, after the end of the log was asked for', async () => {
    const one = oneShard();
    one.push([fence(1, 1, 0), commit(1, 1, 1)]);
    let written = 1;
    const writer = one.instance({
      onEndAsked: () => {
        if (written >= 5) return;
        written += 1;
        one.push([commit(1, 1, written)]);
        one.hear(receipt(1, written)); // the receipts' log is short: it is read before the shard's
      },
    });
    one.hear(receipt(1, 1));
    writer.assign();
    expect(await one.changed.until(() => writer.isOpen, 20_000)).toBe(true);
    expect(written).toBe(5);
    expect(one.reports.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('calls nothing lost that it has read and must still hold, for the other log has not come to the base', async () => {
    const segments: Segment[] = [
      { term: 1, owner: east, base: 0, mode: 'paired', mirror: west },
      { term: 2, owner: west, base: 1, mode: 'solo', mirror: east },
      { term: 4, owner: east, base: 2, mode: 'paired', mirror: west },
    ];
    const one = oneShard(segments);
    one.push([fence(1, 1, 0), commit(1, 1, 1), fence(4, 1, 2), commit(4, 1, 3)]);
    const writer = one.instance();
    one.hear(receipt(4, 3));
    writer.assign();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve)); // its own log is read
    expect(one.log.at(-1)).toMatchObject({ kind: 'commit' });
    one.readMirror([fence(2, 1, 1), commit(2, 1, 2)]);
    expect(await one.changed.until(() => writer.isOpen, 20_000)).toBe(true);
    expect(one.reports.filter(({ level }) => level === 'error')).toEqual([]);
    expect(one.log.at(-1)).toMatchObject({ kind: 'fence', term: 4, generation: 2, base: 3 });
  });

  it('stands still when west has read more of this log than it holds, and writes nothing', async () => {
    const one = oneShard();
    one.push([fence(1, 1, 0), commit(1, 1, 1)]);
    const writer = one.instance();
    one.hear(receipt(1, 2));
    writer.assign();
    expect(await one.changed.until(() => one.reports.some(({ level }) => level === 'error'), 20_000)).toBe(true);
    one.enqueue(writer, { id: 'a', units: 1 });
    expect(await one.changed.until(() => one.done.length === 1, 20_000)).toBe(true);
    expect(one.replies.map(({ result }) => result.outcome)).toEqual(['unavailable']);
    expect(one.log).toHaveLength(2);
  });
});
