import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import {
  listParked,
  migrate,
  openProjectionDatabase,
  readProgress,
  rebuild,
  runProjections,
  runtimeTables,
  tablesMigration,
  type ProjectionDatabase,
  type Projector,
} from '#projections';
import { eventually, startTestPostgres, type TestPostgres } from '#test-kit';
import { counterDefinition, CounterLog, countersTable, type CounterEvent } from './projections.counter-log.ts';

const east = 'order.east.0' as ShardId;
const migrations = [tablesMigration('Counters1763683200000', [...runtimeTables, countersTable])];
const log = { info: () => undefined, warn: () => undefined };

let postgres: TestPostgres;
let live: ProjectionDatabase;
let projector: Projector;
const source = new CounterLog();
const added = (counter: string, amount: number): CounterEvent => ({ type: 'Added', counter, amount, note: '' });

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrate({ url: postgres.url, schema: 'live', migrations });
  live = openProjectionDatabase({
    url: postgres.url,
    schema: 'live',
    connectionsMax: 6,
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  projector = runProjections({
    database: live,
    definition: counterDefinition,
    openFeed: source.open,
    announceParked: () => Promise.resolve(),
    log,
  });
  for (let i = 0; i < 300; i++) source.append(east, [added(`c${i % 9}`, i)]);
});
afterAll(async () => {
  await projector.stop();
  await live.close();
  await postgres.stop();
});

const caughtUp = () => eventually(async () => (await readProgress(live.pool))[east] === source.seqs.get(east));
const total = async (counter: string): Promise<number> => {
  const { rows } = await live.pool.query('select total from counters where counter = $1', [counter]);
  return Number(rows[0]?.total);
};
const start = () =>
  rebuild({ live, definition: counterDefinition, migrations, openFeed: source.open, log, catchUpMs: 20_000, compareMs: 2_000 });

it('finds nothing to mend, and repeats what people decided about parked records', async () => {
  source.appendBody(east, ['c1'], 'broken');
  source.append(east, [added('c1', 1_000)]);
  await caughtUp();
  await projector.decideParked(`${east}:301`, 'skip');
  const before = await total('c1');
  expect(await start()).toEqual({ differing: [] });
  expect(await total('c1')).toBe(before);
  expect((await listParked(live.pool, 10)).map(({ id, status }) => `${id} ${status}`)).toEqual([
    `${east}:301 skipped`,
    `${east}:302 applied`,
  ]);
});

it('mends a table that went wrong, names it, and the projector goes on from the new one', async () => {
  const right = await total('c2');
  await live.pool.query(`update counters set total = 0 where counter = 'c2'`);
  expect(await start()).toEqual({ differing: ['counters'] });
  expect(await total('c2')).toBe(right);
  source.append(east, [added('c2', 5)]);
  await caughtUp();
  await eventually(async () => (await total('c2')) === right + 5);
});

it('runs while events go on coming, and loses none', async () => {
  const right = await total('c3');
  const stop = new AbortController();
  const coming = (async () => {
    let sent = 0;
    for (; !stop.signal.aborted; sent++) {
      source.append(east, [added('c3', 1)]);
      // Some 500 a second, in turn with the rebuild: a load without bound would be one that no rebuild can outrun.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return sent;
  })();
  const result = await start();
  stop.abort();
  const sent = await coming;
  expect([undefined, []]).toContainEqual(result.differing);
  await caughtUp();
  expect(await total('c3')).toBe(right + sent);
});
