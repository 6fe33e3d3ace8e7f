import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  inTransaction,
  openProjectionDatabase,
  selectMany,
  together,
  upsertMany,
  type Columns,
  type ProjectionDatabase,
} from '#projections';
import { startTestPostgres, type TestPostgres } from '#test-kit';

const columns: Columns = { shard: 'text', item: 'text', amount: 'bigint' };
const key = ['shard', 'item'];
const rows = (from: number, count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) => ({ shard: 'east', item: `i${from + i}`, amount: from + i }));

let postgres: TestPostgres;
let database: ProjectionDatabase;
let schemas = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  const schema = `statements_${++schemas}`;
  database = openProjectionDatabase({
    url: postgres.url,
    schema,
    connectionsMax: 1, // all that is asked comes over one connection
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  await database.pool.query(`create schema ${schema}`);
  await database.pool.query('create table stock (shard text, item text, amount bigint not null, primary key (shard, item))');
});
afterEach(() => database.close());

const select = (keys: readonly Record<string, unknown>[]): Promise<readonly Record<string, unknown>[]> =>
  inTransaction(database.pool, (tx) => selectMany(tx, 'stock', columns, key, keys));
const amountAt = async (item: string): Promise<unknown> => (await select([{ shard: 'east', item }]))[0]?.['amount'];

describe('a statement that runs for every batch', () => {
  it('is planned once per connection, to look rows up by key, though its table was empty then', async () => {
    await select(rows(1, 1));
    for (const from of [0, 500]) await inTransaction(database.pool, (tx) => upsertMany(tx, 'stock', columns, key, rows(from, 500)));
    expect(await select(rows(3, 40))).toHaveLength(40);
    const remembered = await database.pool.query(
      `select name, statement, generic_plans, custom_plans from pg_prepared_statements where statement not like '%pg_prepared%'`,
    );
    expect(remembered.rows.map(({ generic_plans, custom_plans }) => [Number(generic_plans), Number(custom_plans)])).toEqual([
      [2, 0],
      [2, 0],
    ]);
    const { name } = remembered.rows.find(({ statement }) => statement.startsWith('select'))!;
    const { rows: plan } = await database.pool.query(`explain execute "${name}" (array['east'], array['i1'])`);
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toContain('stock_pkey');
    expect(text).not.toMatch(/Seq Scan|Hash/);
  });

  it('fails once at most when the types of its answer change under it', async () => {
    await inTransaction(database.pool, (tx) => upsertMany(tx, 'stock', columns, key, rows(1, 1)));
    expect(await amountAt('i1')).toBe(1);
    await database.pool.query('alter table stock alter column amount type numeric');
    await expect(amountAt('i1')).rejects.toThrow('cached plan must not change result type');
    expect(await amountAt('i1')).toBe(1);
  });

  it('finds the table that was swapped in under its name', async () => {
    await inTransaction(database.pool, (tx) => upsertMany(tx, 'stock', columns, key, rows(1, 1)));
    expect(await amountAt('i1')).toBe(1);
    await database.pool.query('begin; create table other (like stock including all); insert into other select shard, item, 7 from stock');
    await database.pool.query('drop table stock; alter table other rename to stock; commit');
    expect(await amountAt('i1')).toBe(7);
  });
});

describe('statements that overlap in one transaction', () => {
  it('are all undone when one of them fails, which is the failure that is reported', async () => {
    const work = inTransaction(database.pool, (tx) =>
      together([
        upsertMany(tx, 'stock', columns, key, rows(1, 3)),
        upsertMany(tx, 'stock', columns, key, [{ shard: 'east', item: 'none', amount: null }]),
        upsertMany(tx, 'stock', columns, key, rows(7, 3)),
      ]),
    );
    await expect(work).rejects.toThrow('null value in column "amount"');
    expect((await database.pool.query('select from stock')).rowCount).toBe(0);
    await inTransaction(database.pool, (tx) => upsertMany(tx, 'stock', columns, key, rows(1, 3)));
    expect(await amountAt('i3')).toBe(3);
  });

  it('are over before the transaction is, when something else than a statement fails', async () => {
    const work = inTransaction(database.pool, (tx) =>
      together([
        Promise.reject(new Error('a fold')),
        selectMany(tx, 'stock', columns, key, rows(1, 1)).then(() => upsertMany(tx, 'stock', columns, key, rows(1, 1))),
      ]),
    );
    await expect(work).rejects.toThrow('a fold');
    expect((await database.pool.query('select from stock')).rowCount).toBe(0);
  });
});
