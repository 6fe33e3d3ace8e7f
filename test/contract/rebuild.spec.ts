import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ShardId } from '#contracts';
import {
  beforeOf,
  checksumsOf,
  listParked,
  migrate,
  openProjectionDatabase,
  OwnTables,
  readProgress,
  rebuild,
  RebuildJob,
  runProjections,
  runtimeTables,
  shadowOf,
  standingOf,
  swapBack,
  tablesMigration,
  type ProjectionDatabase,
  type Projector,
  type RebuildOptions,
} from '#projections';
import { eventually, startTestPostgres, type TestPostgres } from '#test-kit';
import {
  counterDefinition,
  CounterLog,
  CounterParkedLog,
  countersProjection,
  countersTable,
  type CounterEvent,
} from './projections.counter-log.ts';

const east = 'order.east.0' as ShardId;
const migrations = [
  tablesMigration('Counters1763683200000', [...runtimeTables, countersTable, 'create index counters_by_total on counters (total)']),
];
const warned: string[] = [];
const log = { info: () => undefined, warn: (details: object) => void warned.push(JSON.stringify(details)) };
type Definition = typeof counterDefinition;

let postgres: TestPostgres;
let live: ProjectionDatabase;
let projector: Projector;
const source = new CounterLog();
const parkedLog = new CounterParkedLog();
const added = (counter: string, amount: number): CounterEvent => ({ type: 'Added', counter, amount, note: '' });

const databaseOf = (schema: string): ProjectionDatabase =>
  openProjectionDatabase({ url: postgres.url, schema, connectionsMax: 8, statementTimeoutMs: 10_000, onIdleError: () => undefined });
const projectorOf = (database: ProjectionDatabase, definition: Definition = counterDefinition): Projector =>
  runProjections({ database, definition, openFeed: source.open, parkedLog, log });

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrate({ url: postgres.url, schema: 'live', migrations });
  live = databaseOf('live');
  projector = projectorOf(live);
  for (let i = 0; i < 300; i++) source.append(east, [added(`c${i % 9}`, i)]);
});
afterAll(async () => {
  await projector.stop();
  await live.close();
  await postgres.stop();
});

/** A busy machine takes its time over tens of thousands. */
const caughtUp = () =>
  eventually(async () => (await readProgress(live.pool))[east] === source.seqs.get(east), { withinMs: 50_000, everyMs: 25 });
const total = async (counter: string, schema = 'live'): Promise<number> => {
  const { rows } = await live.pool.query(`select total from "${schema}".counters where counter = $1`, [counter]);
  return Number(rows[0]?.total);
};
const optionsOf = (database: ProjectionDatabase, definition: Definition = counterDefinition) => ({
  live: database,
  definition,
  migrations,
  openFeed: source.open,
  parkedLog,
  logEnds: source.ends,
  log,
  stuckMs: 20_000,
  compareMs: 5_000,
});
const start = (more: Partial<RebuildOptions<CounterEvent, never>> = {}) => rebuild({ ...optionsOf(live), ...more });
const schemasNow = async (): Promise<readonly string[]> => {
  const { rows } = await live.pool.query(`select nspname from pg_namespace where nspname like 'live%' order by nspname`);
  return rows.map((row) => row.nspname as string);
};

it('finds nothing to mend, repeats what people decided about parked records, and keeps what it replaced', async () => {
  source.appendBody(east, ['c1'], 'broken');
  source.append(east, [added('c1', 1_000)]);
  await caughtUp();
  await projector.decideParked(`${east}:301`, 'skip');
  const before = await total('c1');
  expect(await start()).toEqual({ differing: [], resumed: false });
  expect(await total('c1')).toBe(before);
  expect((await listParked(live.pool, 10)).map(({ id, status }) => `${id} ${status}`)).toEqual([
    `${east}:301 skipped`, // and what had waited for it need not wait
  ]);
  expect(await schemasNow()).toEqual(['live', beforeOf('live')]);
  const { rows } = await live.pool.query(
    `select indexname from pg_indexes where schemaname = 'live' and tablename = 'counters' order by 1`,
  );
  expect(rows.map((row) => row.indexname)).toEqual(['counters_by_total', 'counters_pkey']);
  // Its projector began anew from them, and says so though nothing more has come.
  await eventually(() => warned.some((line) => line.includes('OvertakenError')));
  await eventually(() => projector.status().lastError === undefined);
});

it('mends a table that went wrong, names it, and the projector goes on from the new one', async () => {
  const right = await total('c2');
  await live.pool.query(`update counters set total = 0 where counter = 'c2'`);
  expect(await start()).toMatchObject({ differing: ['counters'] });
  expect(await total('c2')).toBe(right);
  source.append(east, [added('c2', 5)]);
  await caughtUp();
  await eventually(async () => (await total('c2')) === right + 5);
});

it('is undone: the former tables come back, and their projector catches up with what happened since', async () => {
  expect(await total('c2', beforeOf('live'))).toBe(0);
  expect(await swapBack(live.pool, 'live', counterDefinition)).toBe('undone');
  await caughtUp();
  expect(await total('c2')).toBe(5);
  expect(await swapBack(live.pool, 'live', counterDefinition)).toBe('undone');
  await caughtUp();
  expect(await total('c2')).toBeGreaterThan(5);
});

it('is undone as soon as nobody reads the tables', async () => {
  const reading = await live.pool.connect();
  await reading.query('begin');
  await reading.query('select count(*) from live.counters');
  const other = databaseOf('live');
  const tries = vi.spyOn(other.pool, 'connect');
  const undone = swapBack(other.pool, 'live', counterDefinition);
  await eventually(() => tries.mock.calls.length >= 3);
  await reading.query('commit');
  reading.release();
  expect(await undone).toBe('undone');
  await other.close();
  expect(await swapBack(live.pool, 'live', counterDefinition)).toBe('undone');
  await caughtUp();
});

it('runs while events go on coming, compares as of one moment, and loses none', async () => {
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
  expect(sent).toBeGreaterThan(50);
  expect(result.differing).toEqual([]);
  await caughtUp();
  expect(await total('c3')).toBe(right + sent);
});

it('goes on where it was interrupted, unless the definition has changed meanwhile', async () => {
  for (let i = 0; i < 30_000; i++) source.append(east, [added(`k${i % 500}`, 1)]);
  source.batchSizes = [1_000];
  await caughtUp();
  const interrupt = new AbortController();
  const stored = async (): Promise<number> => {
    const { rows } = await live.pool.query(`select seq from "${shadowOf('live')}".shard_progress where shard = $1`, [east]);
    return Number(rows[0]?.seq ?? 0);
  };
  // A feed that holds back its second half: what can be stored by the time of the interruption is known.
  const interruption = new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve));
  const halfFeed: typeof source.open = (from, handlers) =>
    source.open(from, {
      ...handlers,
      onBatch: async (batch) => {
        if ((batch.moved[east] ?? 0) > 15_000) await interruption;
        if (!interrupt.signal.aborted) await handlers.onBatch(batch);
      },
    });
  const interrupted = start({ openFeed: halfFeed, signal: interrupt.signal }).catch((error: unknown) => error);
  await eventually(async () => (await stored()) > 5_000, { withinMs: 50_000 });
  interrupt.abort(new Error('killed'));
  expect(await interrupted).toEqual(new Error('killed'));
  const reached = await stored();
  expect(reached).toBeLessThan(20_000);

  const begun: number[] = [];
  const watched: typeof source.open = (from, handlers) => {
    begun.push(from?.offsets['counters.events:0'] ?? 0);
    return source.open(from, handlers);
  };
  expect(await start({ openFeed: watched })).toEqual({ differing: [], resumed: true });
  expect(begun[0]).toBe(reached);

  const again = new AbortController();
  again.abort(new Error('killed'));
  await expect(start({ signal: again.signal })).rejects.toThrow('killed');
  const changed = { ...counterDefinition, projections: [{ ...countersProjection, version: 2 }] };
  expect(await rebuild(optionsOf(live, changed))).toEqual({ differing: undefined, resumed: false });
  await swapBack(live.pool, 'live', counterDefinition);
  await caughtUp();
});

it('rolls a changed definition out while the earlier version keeps its tables up to date, and back again', async () => {
  const changed: Definition = { ...counterDefinition, projections: [{ ...countersProjection, version: 2 }] };
  const running = (definition: Definition) => {
    const database = databaseOf('rolled');
    const rebuildJob = new RebuildJob({
      projector: 'counters',
      projections: ['counters'],
      log,
      rebuild: (signal) => rebuild({ ...optionsOf(database, definition), signal }),
    });
    const tables = new OwnTables({ database, definition, migrations, rebuildJob, log });
    const own = runProjections({
      database,
      definition,
      openFeed: source.open,
      parkedLog,
      prepare: () => tables.prepare(),
      ofAnotherVersion: 'kept',
      log,
      pace: { standbyPollMs: 50 },
    });
    const standing = () => standingOf(live.pool, 'rolled', definition);
    const shows = async (seq: number | undefined) => {
      const { rows } = await database.pool.query(`select seq from shard_progress where shard = $1`, [east]);
      return Number(rows[0]?.seq) === seq;
    };
    return { own, rebuildJob, standing, shows, stop: () => own.stop().then(() => database.close()) };
  };
  const patiently = { withinMs: 60_000 };
  // The tables are not there at all: they come complete or not at all.
  const first = running(counterDefinition);
  await eventually(async () => (await first.standing()) === 'same', patiently);
  await eventually(() => first.rebuildJob.status().state === 'done', patiently); // it says so a moment after the swap
  await eventually(() => first.shows(source.seqs.get(east)), patiently);

  const second = running(changed);
  await eventually(async () => (await second.standing()) === 'same', patiently);
  await eventually(() => first.own.status().lastError?.includes('stands by') === true, patiently);
  await eventually(() => second.own.status().role === 'leader', patiently);
  source.append(east, [added('c4', 1)]);
  await eventually(() => second.shows(source.seqs.get(east)), patiently);
  await second.stop();
  await first.stop();

  // Started again, the earlier version takes its tables back, without a rebuild.
  const third = running(counterDefinition);
  await eventually(() => third.own.status().role === 'leader', patiently);
  expect(third.rebuildJob.status().state).toBe('none');
  await eventually(() => third.shows(source.seqs.get(east)), patiently);
  await third.stop();
});

it('knows what people decided about parked records though no tables are left', async () => {
  const own = new CounterParkedLog();
  const short = new CounterLog();
  short.appendBody(east, ['s1'], 'broken');
  short.append(east, [added('s1', 2)]);
  short.appendBody(east, ['s2'], 'broken');
  short.append(east, [added('s2', 3)]);
  await own.skip(`${east}:1`);
  const fresh = databaseOf('decided');
  const statuses = async () => (await listParked(fresh.pool, 10)).map(({ id, status }) => `${id} ${status}`).toSorted();
  const again = { ...optionsOf(fresh), openFeed: short.open, logEnds: short.ends, parkedLog: own };
  await rebuild(again);
  expect(await statuses()).toEqual([`${east}:1 skipped`, `${east}:3 parked`, `${east}:4 withheld`]);
  expect(await total('s1', 'decided')).toBe(2);
  // Decided about elsewhere meanwhile: the next rebuild knows it.
  await own.skip(`${east}:3`);
  await rebuild(again);
  expect(await statuses()).toEqual([`${east}:1 skipped`, `${east}:3 skipped`]);
  expect(await total('s2', 'decided')).toBe(3);
  await fresh.close();
});

it('is not near its end because what it stores takes long', async () => {
  const long = new CounterLog();
  long.batchSizes = [500];
  for (let i = 0; i < 30_000; i++) long.append(east, [added(`l${i % 9}`, 1)]);
  const database = databaseOf('slow');
  const holding = await live.pool.connect();
  const [loading, locked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let leftAtIndexing = Infinity;
  try {
    const rebuilding = rebuild({
      ...optionsOf(database),
      openFeed: (from, handlers) =>
        long.open(from, {
          ...handlers,
          onBatch: async (batch) => {
            if ((batch.moved[east] ?? 0) > 500) await locked.promise; // else all may be stored before it
            await handlers.onBatch(batch);
          },
        }),
      logEnds: long.ends,
      onProgress: ({ phase, recordsRead, recordsTotal }) => {
        if (recordsRead > 0) loading.resolve();
        if (phase === 'indexing') leftAtIndexing = recordsTotal - recordsRead;
      },
    });
    // A transaction waits for 6 s, more than the 5 after which a partition that does not move is not waited for.
    await loading.promise;
    await holding.query(`begin; lock table ${shadowOf('slow')}.counters in access exclusive mode`);
    locked.resolve();
    await holding.query('select pg_sleep(6); commit');
    await rebuilding;
  } finally {
    holding.release();
  }
  expect(leftAtIndexing).toBeLessThanOrEqual(2_000);
  expect(await total('l0', 'slow')).toBe(Math.ceil(30_000 / 9));
  await database.close();
});

it.each(['comparing', 'swapping'] as const)('parks what it meets no earlier than while %s', async (phase) => {
  const own = new CounterLog();
  own.batchSizes = [1];
  const poison: CounterEvent = { type: 'Added', counter: 'p1', amount: 1, note: 'fault' };
  for (const event of [added('p1', 2), poison, added('p1', 4), added('p2', 8)]) own.append(east, [event]);
  const database = databaseOf(`met_${phase}`);
  await migrate({ url: postgres.url, schema: `met_${phase}`, migrations });
  const running = runProjections({ database, definition: counterDefinition, openFeed: own.open, parkedLog: new CounterParkedLog(), log });
  await eventually(async () => (await readProgress(database.pool))[east] === 4);
  await running.stop();
  const before = await checksumsOf(database.pool, [countersProjection]);
  const released = Promise.withResolvers<void>();
  let heldBack = 0;
  const heldFeed: typeof own.open = (from, handlers) =>
    own.open(from, {
      ...handlers,
      onBatch: async (batch) => {
        if ((batch.moved[east] ?? 0) > 1) {
          heldBack++;
          await released.promise;
        }
        await handlers.onBatch(batch);
      },
    });
  const result = await rebuild({
    ...optionsOf(database),
    openFeed: heldFeed,
    logEnds: own.ends,
    parkedLog: new CounterParkedLog(),
    compareMs: phase === 'comparing' ? 5_000 : 200,
    onProgress: (progress) => {
      if (progress.phase === phase) released.resolve();
    },
  });
  expect(heldBack).toBeGreaterThan(0);
  expect(result.differing).toEqual(phase === 'comparing' ? [] : undefined);
  expect(await checksumsOf(database.pool, [countersProjection])).toEqual(before);
  expect((await listParked(database.pool, 10)).map(({ id, status }) => `${id} ${status}`)).toEqual([
    `${east}:2 parked`,
    `${east}:3 withheld`,
  ]);
  await database.close();
});

it('does not show missing tables before they are complete, however short the log is', async () => {
  const short = new CounterLog();
  for (let i = 0; i < 900; i++) short.append(east, [added(`s${i % 9}`, 1)]);
  const fresh = databaseOf('fresh');
  expect(await standingOf(fresh.pool, 'fresh', counterDefinition)).toBe('absent');
  const slowFeed: typeof short.open = (from, handlers) =>
    short.open(from, {
      ...handlers,
      onBatch: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        await handlers.onBatch(batch);
      },
    });
  const result = await rebuild({ ...optionsOf(fresh), openFeed: slowFeed, logEnds: short.ends });
  expect(result.differing).toBeUndefined();
  expect((await readProgress(fresh.pool))[east]).toBe(900);
  await fresh.close();
});

it('parks what cannot be folded or stored, as the live tables have it parked, and loses nothing of what was folded with it', async () => {
  const noted = (counter: string, note: string): CounterEvent => ({ type: 'Added', counter, amount: 1, note });
  source.append(east, [noted('refused', 'too-large')]); // by PostgreSQL, while later ones are being folded
  for (let i = 0; i < 15_000; i++) {
    if (i === 12_000) source.append(east, [noted('faulty', 'fault')]);
    source.append(east, [added(`p${i % 50}`, 1)]);
  }
  await caughtUp();
  const parked = async () => (await listParked(live.pool, 20)).map(({ id, status }) => `${id} ${status}`).toSorted();
  const before = await parked();
  expect(before.filter((record) => record.endsWith(' parked'))).toHaveLength(2);
  expect(await start()).toMatchObject({ differing: [] });
  expect(await parked()).toEqual(before);
  expect(await total('p7')).toBe(300);
});

it('copies any text and number as a statement would store it', async () => {
  const texts = ['tab\there', 'line\nfeed', 'back\\slash', '\\N', 'carriage\rreturn', 'quote"\'', 'ünïcode 漢字 🙂', '', 'nul\0', '\ud800'];
  for (const text of texts) source.append(east, [{ type: 'Added', counter: `text ${text}`, amount: -1, note: text }]);
  await caughtUp();
  const before = await checksumsOf(live.pool, [countersProjection]);
  expect(await start()).toMatchObject({ differing: [] });
  expect(await checksumsOf(live.pool, [countersProjection])).toEqual(before);
});

/** As the planner has it from the indexing: nothing that came later is counted. */
const rowsKnown = async (schema: string): Promise<number> => {
  const { rows } = await live.pool.query(`select reltuples from pg_class where oid = to_regclass($1)`, [`${schema}.counters`]);
  return Number(rows[0].reltuples);
};

it('builds its indexes no earlier when what it stored last has failed: it reads that again first', async () => {
  const own = new CounterLog();
  own.append(east, [{ type: 'Added', counter: 'refused', amount: 1, note: 'too-large' }]);
  for (let i = 0; i < 5_000; i++) own.append(east, [added(`q${i % 50}`, 1)]); // few enough to be stored together, at the end
  const fresh = databaseOf('last_failed');
  await rebuild({ ...optionsOf(fresh), openFeed: own.open, logEnds: own.ends });
  expect(await rowsKnown('last_failed')).toBe(50);
  expect(await total('q7', 'last_failed')).toBe(100);
  await fresh.close();
});

it('ends with the reason when nothing can be stored, though more can be read each time', async () => {
  const full = [
    `create function disk_is_full() returns trigger language plpgsql as $$ begin raise exception 'disk is full' using errcode = '53100'; end $$`,
    'create trigger on_a_full_disk before insert on counters for each row execute function disk_is_full()',
  ];
  const own = new CounterLog();
  for (let i = 0; i < 15_000; i++) own.append(east, [added(`f${i % 9}`, 1)]);
  const fresh = databaseOf('full');
  const never = {
    migrations: [tablesMigration('Full1763683200000', [...runtimeTables, countersTable, ...full])],
    openFeed: own.open,
    logEnds: own.ends,
  };
  await expect(rebuild({ ...optionsOf(fresh), ...never })).rejects.toThrow('disk is full');
  await fresh.close();
});

it('tells the planner of the rows that it loaded, and nothing of a table that is empty: plans made then are kept while it grows', async () => {
  const empty = databaseOf('empty');
  await rebuild({ ...optionsOf(empty), openFeed: new CounterLog().open, logEnds: new CounterLog().ends });
  expect(await rowsKnown('empty')).toBe(-1); // never analyzed
  await empty.close();
  const { rows } = await live.pool.query('select count(*) from live.counters');
  await start();
  // Those that came while it was analyzed, at the end of a log, are not counted.
  const [known, there] = [await rowsKnown('live'), Number(rows[0].count)];
  expect(known).toBeLessThanOrEqual(there);
  expect(known).toBeGreaterThan(0.9 * there);
});
