import { expect, it } from 'vitest';
import { assert } from '#kernel';
import type { CopyingTx } from '../postgres/copy-rows.ts';
import type { Row, RowTable, Tx } from '../projection.port.ts';
import { RowsAhead } from './rows-ahead.ts';

const counters: RowTable = { table: 'counters', columns: { name: 'text', total: 'bigint' }, key: ['name'] };
const row = (name: string, total: number): Row => ({ name, total });

/** A table in memory that tells what it was asked, and how its rows came. */
class FakeTable implements CopyingTx {
  readonly rows = new Map<unknown, Row>();
  readonly asked: unknown[][] = [];
  readonly came: string[] = [];

  query: Tx['query'] = (statement, values = []) => {
    const text = typeof statement === 'string' ? statement : statement.text;
    assert(text.startsWith('select'), 'rows are only looked for by a statement');
    const [names] = values as [string[]];
    this.asked.push(names);
    const rows = names.flatMap((name): Row[] => {
      const row = this.rows.get(name);
      return row === undefined ? [] : [row];
    });
    return Promise.resolve({ rows, rowCount: rows.length });
  };

  copyRows(_: RowTable, rows: readonly Row[]): Promise<void> {
    for (const { name } of rows) assert(!this.rows.has(name), `${String(name)} is new`);
    return this.#take('copied', rows);
  }

  copyOver(_: RowTable, rows: readonly Row[]): Promise<void> {
    for (const { name } of rows) assert(this.rows.has(name), `${String(name)} is there`);
    return this.#take('replaced', rows);
  }

  #take(how: string, rows: readonly Row[]): Promise<void> {
    for (const { name, total } of rows) {
      this.came.push(`${how} ${String(name)}`);
      this.rows.set(name, row(name as string, total as number));
    }
    return Promise.resolve();
  }
}

const find = async (ahead: RowsAhead, ...names: string[]) => {
  const found = await ahead.find(
    counters,
    names.map((name) => ({ name })),
  );
  return found.map(({ name, total }) => `${String(name)} ${String(total)}`).toSorted();
};

it('writes a row once, however often it changed, and copies what was not there', async () => {
  const table = new FakeTable();
  const ahead = new RowsAhead(table, { areEmpty: true });
  ahead.put(counters, [row('a', 1), row('b', 1)], true);
  ahead.put(counters, [row('a', 2)], false);
  expect(await find(ahead, 'a', 'b', 'c')).toEqual(['a 2', 'b 1']);
  await ahead.take()(table);
  expect(table.came).toEqual(['copied a', 'copied b']);
  ahead.put(counters, [row('a', 3)], true); // not looked for, and yet it stands there
  ahead.put(counters, [row('c', 1)], true);
  await ahead.take()(table);
  expect(table.came.slice(2).toSorted()).toEqual(['copied c', 'replaced a']);
  expect([...table.rows.values()].map(({ total }) => total)).toEqual([3, 1, 1]);
});

it('finds what is being written, and looks in the table only for what was ever put', async () => {
  const table = new FakeTable();
  const ahead = new RowsAhead(table, { areEmpty: true });
  ahead.put(counters, [row('a', 1)], true);
  const write = ahead.take();
  expect(await find(ahead, 'a', 'b')).toEqual(['a 1']);
  ahead.put(counters, [row('a', 2)], false);
  expect(await find(ahead, 'a')).toEqual(['a 2']);
  await write(table);
  await ahead.take()(table);
  ahead.take();
  expect(table.asked).toEqual([]);
  expect(await find(ahead, 'a', 'b')).toEqual(['a 2']);
  expect(table.asked).toEqual([['a']]);
});

it('looks for every key in tables that were not empty, or that somebody else has written', async () => {
  const table = new FakeTable();
  table.rows.set('a', row('a', 7));
  expect(await find(new RowsAhead(table, { areEmpty: false }), 'a', 'b')).toEqual(['a 7']);
  const ahead = new RowsAhead(table, { areEmpty: true });
  expect(await find(ahead, 'a')).toEqual([]);
  ahead.put(counters, [row('b', 1)], true);
  await ahead.take()(table);
  table.rows.set('b', row('b', 8));
  ahead.passedBy();
  expect(await find(ahead, 'a', 'b')).toEqual(['a 7', 'b 8']);
});

it('takes along what must stand with the rows', async () => {
  const table = new FakeTable();
  const ahead = new RowsAhead(table, { areEmpty: true });
  const done: Tx[] = [];
  ahead.also((tx) => Promise.resolve(void done.push(tx)));
  const [first, second] = [ahead.take(), ahead.take()];
  await second(table);
  expect(done).toEqual([]);
  await first(table);
  expect(done).toEqual([table]);
});
