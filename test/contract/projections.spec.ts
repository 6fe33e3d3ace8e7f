import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ShardId } from '#contracts';
import {
  checksumsOf,
  listParked,
  openProjectionDatabase,
  pgSnapshots,
  readProgress,
  runProjections,
  runtimeTables,
  streamStatesTable,
  type ProjectionDatabase,
  type Projector,
  type RunProjections,
} from '#projections';
import { metricNames, metrics } from '#telemetry';
import { eventually as poll, startTestPostgres, type TestPostgres } from '#test-kit';
import {
  counterDefinition,
  counterFold,
  CounterLog,
  CounterParkedLog,
  countersTable,
  type CounterEvent,
  type CounterState,
} from './projections.counter-log.ts';

const east = 'order.east.0' as ShardId;
const west = 'order.west.1' as ShardId;

let postgres: TestPostgres;
let database: ProjectionDatabase;
let schemas = 0;
let running: Projector[] = [];
let parkedLog: CounterParkedLog;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

async function newDatabase(): Promise<ProjectionDatabase> {
  const schema = `counters_${++schemas}`;
  const setup = new Client({ connectionString: postgres.url });
  await setup.connect();
  await setup.query(`create schema ${schema}; set search_path = ${schema}; ${[...runtimeTables, countersTable].join(';')}`);
  await setup.end();
  return openProjectionDatabase({ url: postgres.url, schema, connectionsMax: 6, statementTimeoutMs: 10_000, onIdleError: () => undefined });
}

beforeEach(async () => {
  database = await newDatabase();
  parkedLog = new CounterParkedLog();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((projector) => projector.stop()));
  await database.close();
});

function run(log: CounterLog, changes: Partial<RunProjections<CounterEvent, CounterState>> = {}): Projector {
  const projector = runProjections<CounterEvent, CounterState>({
    database,
    definition: counterDefinition,
    openFeed: log.open,
    parkedLog,
    log: { info: () => undefined, warn: () => undefined },
    pace: { intervalMs: 0, standbyPollMs: 200 },
    ...changes,
  });
  running.push(projector);
  return projector;
}

async function stop(projector: Projector): Promise<void> {
  running = running.filter((other) => other !== projector);
  await projector.stop();
}

const eventually = (condition: () => Promise<void>): Promise<unknown> =>
  poll(
    async () => {
      await condition();
      return true;
    },
    { withinMs: 45_000 },
  );

const caughtUp = (log: CounterLog): Promise<unknown> =>
  eventually(async () => expect(await readProgress(database.pool)).toEqual(Object.fromEntries(log.seqs)));

const totals = async (): Promise<Record<string, number>> => {
  const { rows } = await database.pool.query('select shard, counter, total from counters order by shard, counter');
  return Object.fromEntries(rows.map((row) => [`${row.shard}/${row.counter}`, Number(row.total)]));
};
const checksums = () => checksumsOf(database.pool, [...counterDefinition.projections, streamStatesTable]);

/** Totals as a plain loop over the log's commits computes them. */
function expected(log: CounterLog): Record<string, number> {
  const sums: Record<string, number> = {};
  const add = (key: string, amount: number): number => (sums[key] = (sums[key] ?? 0) + amount);
  for (const entry of log.entries) {
    if (!('commit' in entry)) continue;
    for (const event of counterDefinition.catalogue.decode(entry.commit.body)) {
      if (event.type === 'Added') add(`${entry.commit.shard}/${event.counter}`, event.amount);
      else {
        add(`${entry.commit.shard}/${event.from}`, -event.amount);
        add(`${entry.commit.shard}/${event.to}`, event.amount);
      }
    }
  }
  return Object.fromEntries(Object.entries(sums).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const added = (counter: string, amount: number, note = ''): CounterEvent => ({ type: 'Added', counter, amount, note });
const moved = (from: string, to: string, amount: number): CounterEvent => ({ type: 'Moved', from, to, amount });
const fill = (log: CounterLog, commits: number): void => {
  for (let i = 0; i < commits; i++)
    log.append(i % 3 === 0 ? west : east, i % 5 === 4 ? [moved('a', `c${i % 7}`, i)] : [added('a', i), added(`c${i % 7}`, 1, `n${i}`)]);
};

const counter = fc.constantFrom('a', 'b', 'c', 'd');
const anyEvent: fc.Arbitrary<CounterEvent> = fc.oneof(
  fc.record({
    type: fc.constant('Added' as const),
    counter,
    amount: fc.integer({ min: -1e6, max: 1e6 }),
    note: fc.string({ unit: 'binary' }),
  }),
  fc.record({ type: fc.constant('Moved' as const), from: counter, to: counter, amount: fc.integer({ min: 0, max: 1e6 }) }),
);
const anyLog = fc.array(fc.tuple(fc.constantFrom(east, west), fc.array(anyEvent, { minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 40,
});

describe('a projector', () => {
  it('gives the same rows, states and checksums however the log is split into batches', async () => {
    const property = fc.asyncProperty(anyLog, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (commits, sizes) => {
      const log = new CounterLog();
      for (const [shard, events] of commits) log.append(shard, events);
      const results = [];
      for (const batchSizes of [sizes, [1], [1_000]]) {
        await database.close();
        database = await newDatabase();
        log.batchSizes = batchSizes;
        const projector = run(log, { pace: { intervalMs: 0, commitsMax: batchSizes[0]! } });
        await caughtUp(log);
        await stop(projector);
        expect(await totals()).toEqual(expected(log));
        results.push(await checksums());
      }
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    });
    await fc.assert(property, { numRuns: 12, seed: 20261121 });
  });

  it('applies every event once when it is stopped and started between batches', async () => {
    const log = new CounterLog();
    log.batchSizes = [3, 11, 1];
    for (let round = 0; round < 8; round++) {
      fill(log, 60);
      const before = await readProgress(database.pool);
      const projector = run(log, { pace: { intervalMs: 5, commitsMax: 20 } });
      await eventually(async () => expect(await readProgress(database.pool)).not.toEqual(before));
      await stop(projector);
    }
    run(log);
    await caughtUp(log);
    expect(await totals()).toEqual(expected(log));
  });

  it('applies every event once when PostgreSQL is killed while it writes', async () => {
    const log = new CounterLog();
    run(log, { pace: { intervalMs: 1, commitsMax: 10, standbyPollMs: 200 } });
    for (let round = 0; round < 3; round++) {
      fill(log, 300);
      await eventually(async () => expect(Object.keys(await totals()).length).toBeGreaterThan(0));
      await postgres.crash();
    }
    await caughtUp(log);
    expect(await totals()).toEqual(expected(log));
  });

  it('doubles nothing when two lead at once', async () => {
    const log = new CounterLog();
    log.batchSizes = [2];
    fill(log, 300);
    // Another label gives another lock, so that only the checkpoint's version stands between them.
    run(log, { pace: { intervalMs: 0, commitsMax: 4, standbyPollMs: 10 } });
    run(log, { pace: { intervalMs: 0, commitsMax: 4, standbyPollMs: 10 }, database: { ...database, schema: 'another' } });
    await caughtUp(log);
    expect(await totals()).toEqual(expected(log));
  });

  it('stands by while another leads, and takes over within 2 s', async () => {
    const log = new CounterLog();
    fill(log, 10);
    let leader = run(log);
    await caughtUp(log);
    let standby = run(log);
    expect([leader.status().role, standby.status().role]).toEqual(['leader', 'standby']);
    // On a machine that stood still meanwhile, the next one takes over from this one.
    await poll(async () => {
      const stoppedAt = Date.now();
      await stop(leader);
      fill(log, 10);
      await caughtUp(log);
      const tookMs = Date.now() - stoppedAt;
      [leader, standby] = [standby, run(log)];
      return tookMs < 2_000;
    });
    expect(await totals()).toEqual(expected(log));
  });

  it('rebuilds when the version of its states or projections has changed', async () => {
    const log = new CounterLog();
    fill(log, 20);
    const old = run(log);
    await caughtUp(log);
    await stop(old);
    await database.pool.query(`update counters set total = 0`);
    const streams = { ...counterFold, stateVersion: 2 };
    run(log, { definition: { ...counterDefinition, streams } });
    await eventually(async () => expect(await totals()).toEqual(expected(log)));
  });
});

describe('a record that cannot be understood', () => {
  it('parks, blocks its streams only, and is announced', async () => {
    const log = new CounterLog();
    log.append(east, [added('a', 1)]);
    log.appendBody(east, ['a'], '{"events":[{"type":"Vanished","schemaVersion":1,"data":{}}]}');
    log.append(east, [added('a', 10)]);
    log.append(east, [moved('b', 'a', 5)]);
    log.append(east, [added('b', 7)]);
    log.append(east, [added('c', 2)]);
    log.append(west, [added('a', 3)]);
    log.appendUnreadable();
    log.append(west, [added('a', 1)]);
    run(log);
    await caughtUp(log);
    expect(await totals()).toEqual({ [`${east}/a`]: 1, [`${east}/c`]: 2, [`${west}/a`]: 4 });
    const parked = await listParked(database.pool, 10);
    expect(parked.map(({ id, status }) => [id, status].join(' ')).toSorted()).toEqual([
      'counters.events:0:7 parked',
      `${east}:2 parked`,
      `${east}:3 withheld`,
      `${east}:4 withheld`,
      `${east}:5 withheld`,
    ]);
    await eventually(async () => expect(parkedLog.announced.map(({ id }) => id).toSorted()).toEqual(['counters.events:0:7', `${east}:2`]));
    const shown = await metrics.render();
    expect(shown).toContain(`${metricNames.parkedRecords}{projector="counters"} 2\n`);
    expect(shown).toMatch(new RegExp(`^${metricNames.projectedCommits}\\{projector="counters"\\} [1-9]`, 'm'));
    const loaded = await pgSnapshots({ pool: database.pool, name: 'counters', stateVersion: 1 }).load(east, ['a', 'b', 'c', 'z']);
    expect(loaded.blocked.toSorted()).toEqual(['a', 'b']);
    expect(loaded.persistedSeq).toBe(6);
    expect(loaded.streams.map(({ streamId, seq }) => `${streamId} ${seq}`).toSorted()).toEqual(['a 1', 'c 6']);
  });

  it.each([1, 100])(
    'is skipped: what waited for it is applied in order, what another one blocks still waits (batches of %i)',
    async (size) => {
      const log = new CounterLog();
      log.batchSizes = [size];
      log.appendBody(east, ['a'], 'not json');
      log.appendBody(east, ['b'], '{}');
      log.append(east, [added('a', 1, 'first')]);
      log.append(east, [moved('a', 'b', 5)]);
      log.append(east, [added('a', 2, 'second')]);
      const projector = run(log);
      await caughtUp(log);
      expect(await projector.decideParked(`${east}:1`, 'skip')).toEqual({
        outcome: 'decided',
        status: 'skipped',
        released: 1,
        stillOpen: 3,
      });
      expect(await totals()).toEqual({ [`${east}/a`]: 1 });
      log.append(east, [added('a', 50, 'later')]);
      await caughtUp(log);
      expect(await projector.decideParked(`${east}:2`, 'skip')).toEqual({
        outcome: 'decided',
        status: 'skipped',
        released: 3,
        stillOpen: 0,
      });
      expect(await totals()).toEqual({ [`${east}/a`]: 48, [`${east}/b`]: 5 });
      log.append(east, [added('a', 1)]);
      await caughtUp(log);
      expect(await totals()).toEqual({ [`${east}/a`]: 49, [`${east}/b`]: 5 });
      expect(await projector.decideParked(`${east}:2`, 'skip')).toEqual({ outcome: 'refused', code: 'already-decided' });
      expect(await projector.decideParked('nothing', 'retry')).toEqual({ outcome: 'refused', code: 'unknown-record' });
    },
  );

  it('stays skipped in tables that are made anew: the decision stands in the log, what nobody decided about waits again', async () => {
    const log = new CounterLog();
    log.appendUnreadable();
    log.appendBody(east, ['a'], 'not json');
    log.append(east, [added('a', 3, 'fault')]);
    log.append(east, [added('a', 5)]);
    log.appendBody(east, ['b'], 'not json either');
    log.append(east, [added('b', 7)]);
    const projector = run(log);
    await caughtUp(log);
    for (const id of ['counters.events:0:0', `${east}:1`, `${east}:2`]) await projector.decideParked(id, 'skip');
    await projector.decideParked(`${east}:1`, 'skip'); // refused, and not told to the log
    const statuses = async () => (await listParked(database.pool, 10)).map(({ id, status }) => `${id} ${status}`).toSorted();
    const decided = [
      'counters.events:0:0 skipped',
      `${east}:1 skipped`,
      `${east}:2 skipped`,
      `${east}:3 applied`,
      `${east}:4 parked`,
      `${east}:5 withheld`,
    ];
    expect(await statuses()).toEqual(decided);
    expect(await totals()).toEqual({ [`${east}/a`]: 5 });
    await stop(projector);
    await database.close();

    database = await newDatabase();
    run(log);
    await caughtUp(log);
    expect(await statuses()).toEqual(decided.filter((one) => !one.endsWith('applied')));
    expect(await totals()).toEqual({ [`${east}/a`]: 5 });
  });

  it('is skipped when a leadership begins, if it was parked before the log said so', async () => {
    const log = new CounterLog();
    log.appendBody(east, ['a'], 'not json');
    log.append(east, [added('a', 5)]);
    const projector = run(log);
    await caughtUp(log);
    await stop(projector);
    await parkedLog.skip(`${east}:1`); // and the process died before its tables said so
    run(log);
    await poll(async () => expect(await totals()).toEqual({ [`${east}/a`]: 5 }));
  });

  it('is not skipped while the log cannot be told: who decided hears it, and the record waits', async () => {
    const log = new CounterLog();
    log.appendBody(east, ['a'], 'not json');
    const projector = run(log, {
      parkedLog: Object.assign(new CounterParkedLog(), { skip: () => Promise.reject(new Error('Kafka is away')) }),
    });
    await caughtUp(log);
    await expect(projector.decideParked(`${east}:1`, 'skip')).rejects.toThrow('Kafka is away');
    expect((await listParked(database.pool, 10)).map(({ status }) => status)).toEqual(['parked']);
  });

  it('is read again after an upgrade, by a standby too', async () => {
    const log = new CounterLog();
    log.appendBody(east, ['a'], 'from the future');
    log.append(east, [moved('a', 'b', 5)]);
    const leader = run(log);
    await caughtUp(log);
    expect(await leader.decideParked(`${east}:1`, 'retry')).toEqual({ outcome: 'decided', status: 'parked', released: 0, stillOpen: 2 });
    const decode = (body: string): readonly CounterEvent[] =>
      body === 'from the future' ? [added('a', 100)] : counterDefinition.catalogue.decode(body);
    const upgraded = run(log, { definition: { ...counterDefinition, catalogue: { decode } } });
    expect(await upgraded.decideParked(`${east}:1`, 'retry')).toEqual({ outcome: 'decided', status: 'applied', released: 1, stillOpen: 0 });
    log.append(east, [added('b', 1)]);
    await caughtUp(log);
    expect(await totals()).toEqual({ [`${east}/a`]: 95, [`${east}/b`]: 6 });
  });

  it.each(['fault', 'too-large'])('parks a commit that cannot be applied (%s), and goes on', async (note) => {
    const log = new CounterLog();
    log.append(east, [added('b', 1)]);
    log.append(east, [added('b', 1), added('a', 1, note)]);
    log.append(east, [added('a', 1)]);
    log.append(west, [added('a', 1, 'nul \0 and half \ud800 a pair')]);
    run(log);
    await caughtUp(log);
    expect(await totals()).toEqual({ [`${east}/b`]: 1, [`${west}/a`]: 1 });
    expect((await listParked(database.pool, 10)).map(({ id, status }) => [id, status])).toEqual([
      [`${east}:2`, 'parked'],
      [`${east}:3`, 'withheld'],
    ]);
  });
});

describe('snapshots', () => {
  it('count states of another version as not stored', async () => {
    const log = new CounterLog();
    log.append(east, [added('a', 1, 'n')]);
    run(log);
    await caughtUp(log);
    const own = pgSnapshots({ pool: database.pool, name: 'counters', stateVersion: 1 });
    expect(await own.load(east, ['a'])).toEqual({
      persistedSeq: 1,
      streams: [{ streamId: 'a', seq: 1, state: { total: 1, notes: ['n'] } }],
      blocked: [],
    });
    expect((await own.checkpoint())?.offsets).toEqual({ 'counters.events:0': 1 });
    const other = pgSnapshots({ pool: database.pool, name: 'counters', stateVersion: 2 });
    expect(await other.checkpoint()).toBeUndefined();
    expect(await other.load(east, ['a'])).toEqual({ persistedSeq: 0, streams: [], blocked: [] });
  });
});
