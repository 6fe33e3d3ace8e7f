import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { commandId, defineEvents, derivedCommandId, region, type ShardId, type Topology } from '#contracts';
import { runProcessManager, type ProcessDefinition, type RunningProcessManager, type RunProcessManager } from '#process-manager';
import { encodeLineage, encodeShardRecord, InMemoryBroker, type InMemoryCluster, type LogCluster, type NewRecord } from '#shard-log';
import { eventually as poll, startTestPostgres, type TestPostgres } from '#test-kit';

/** A process manager over a log in memory and a real PostgreSQL: tickets are opened, and each open one needs to be served. */
const ticketEvents = defineEvents({
  Opened: { 1: z.object({ ticket: z.string() }) },
  Served: { 1: z.object({ ticket: z.string() }) },
});
type TicketEvent = typeof ticketEvents.Event;
type Ticket = 'unknown' | 'open' | 'served';
type Serve = { readonly type: 'Serve'; readonly ticket: string };

const [here, there] = [region('east'), region('west')];
const shard = 'order.east.0' as ShardId;
const tickets: ProcessDefinition<TicketEvent, { ticket: string; is: Ticket }, Serve> = {
  name: 'tickets',
  keysOf: ({ ticket }) => [ticket],
  initial: (ticket) => ({ ticket, is: 'unknown' }),
  evolve: (state, { type }) => ({ ...state, is: type === 'Served' || state.is === 'served' ? 'served' : 'open' }),
  required: ({ ticket, is }) =>
    is === 'open'
      ? [{ commandId: derivedCommandId(ticket, 'serve'), shard, key: ticket, correlation: ticket, command: { type: 'Serve', ticket } }]
      : [],
  deadlineOf: () => undefined,
  done: ({ is }) => is !== 'open',
};
const topology = { regions: { [here]: {}, [there]: {} }, partitions: 1 } as unknown as Topology;
const topics = ['order.events', 'west.order.events', 'receipts', 'west.receipts', 'lineage', 'order.commands', 'parked'];
const timesMs = { withinMs: 20_000 };

let postgres: TestPostgres;
let broker: InMemoryBroker;
let cluster: InMemoryCluster;
let schema: string;
let seq: number;
let schemas = 0;
let running: RunningProcessManager[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  broker = new InMemoryBroker();
  cluster = broker.connect();
  schema = `tickets_${++schemas}`;
  seq = 0;
  await cluster.createTopics(topics.map((topic) => ({ topic, partitions: 1, config: {} })));
  const segments = [{ term: 1, owner: here, base: 0, mode: 'solo' as const, mirror: there }];
  await append(
    'lineage',
    encodeLineage({ revision: 1, lineage: { term: 1, status: { status: 'solo', region: here }, shards: { [shard]: segments } } }),
  );
  await append('order.events', encodeShardRecord({ kind: 'fence', shard, term: 1, generation: 1, writer: 'w', base: 0 }));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((manager) => manager.stop()));
});

async function append(topic: string, record: NewRecord): Promise<void> {
  const appender = await cluster.appender('test');
  await appender.append(topic, 0, [record]);
  await appender.close();
}

const commit = (ticket: string, body: string): Promise<void> => {
  const about = { cause: commandId(`c${++seq}`), correlation: ticket, traceparent: '', streams: [ticket] };
  return append('order.events', encodeShardRecord({ kind: 'commit', shard, term: 1, generation: 1, writer: 'w', seq, ...about, body }));
};
const happens = (...events: readonly TicketEvent[]): Promise<void> => commit(events[0]!.ticket, ticketEvents.encode(events));
const opened = (ticket: string): TicketEvent => ({ type: 'Opened', ticket });
const served = (ticket: string): TicketEvent => ({ type: 'Served', ticket });

type Options = RunProcessManager<TicketEvent, { ticket: string; is: Ticket }, Serve>;
async function start(changes: Partial<Options> = {}): Promise<RunningProcessManager> {
  const manager = await runProcessManager({
    definition: tickets,
    version: 1,
    services: ['order'],
    catalogue: ticketEvents,
    here,
    topology,
    cluster,
    databaseUrl: postgres.url,
    schema,
    ownerOf: () => here,
    onOwnersChanged: () => () => undefined,
    // What is swept within a test is what a new leadership sweeps at once.
    sweepPace: { restMs: 3_600_000, intervalMs: 3_600_000 },
    log: { info: () => undefined, warn: () => undefined },
    ...changes,
  });
  running.push(manager);
  return manager;
}

async function stop(manager: RunningProcessManager): Promise<void> {
  running = running.filter((other) => other !== manager);
  await manager.stop();
}

const recordsOf = (topic: string): readonly NewRecord[] => broker.log(topic, 0);
const emitted = (): readonly string[] => recordsOf('order.commands').map(({ key }) => key ?? '');
/** The cluster, but for what is changed. */
const clusterWith = (changes: Partial<LogCluster>): LogCluster => ({
  createTopics: (wanted) => cluster.createTopics(wanted),
  describe: (topics) => cluster.describe(topics),
  endOffsets: (topic) => cluster.endOffsets(topic),
  topicId: (topic) => cluster.topicId(topic),
  appender: (name) => cluster.appender(name),
  read: (options) => cluster.read(options),
  consumeCommands: (options) => cluster.consumeCommands(options),
  close: () => cluster.close(),
  ...changes,
});
const eventually = (condition: () => void | Promise<void>): Promise<unknown> =>
  poll(async () => {
    await condition();
    return true;
  }, timesMs);
const statesOf = async ({ database }: RunningProcessManager): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ state: { ticket: string; is: Ticket } }>('select state from process_state order by key');
  return rows.map(({ state }) => `${state.ticket} ${state.is}`);
};

describe('a new leadership', () => {
  it('folds history in silence, then states at once what is still due', async () => {
    for (let i = 0; i < 50; i++) await happens(opened(`old-${i}`));
    for (let i = 0; i < 50; i++) await happens(served(`old-${i}`));
    await happens(opened('due'));
    await start();
    await eventually(() => expect(emitted()).toEqual(['due']));
    await happens(opened('live'));
    await eventually(() => expect(emitted()).toEqual(['due', 'live']));
  });

  it('states again what the one before it had stated, and tells of the states; who is deposed hears of it', async () => {
    await happens(opened('one'));
    const told: string[] = [];
    let deposed = 0;
    const tell = (name: string) => ({
      onState: (key: string) => void told.push(`${name} ${key}`),
      onDeposed: () => void deposed++,
    });
    const first = await start(tell('first'));
    await eventually(() => expect(told).toEqual(['first one']));
    const second = await start(tell('second'));
    expect([second.projector.status().role, deposed]).toEqual(['standby', 0]);
    await stop(first);
    expect(deposed).toBe(1);
    await eventually(() => expect(told).toEqual(['first one', 'second one']));
    expect(emitted()).toEqual(['one', 'one']);
  });

  it('waits for no partition that another region holds back', async () => {
    const behind = clusterWith({
      endOffsets: (topic) => (topic === 'west.order.events' ? Promise.resolve([7]) : cluster.endOffsets(topic)),
    });
    await happens(opened('due'));
    await start({ cluster: behind });
    await eventually(() => expect(emitted()).toEqual(['due']));
  });
});

it('a region that is given a shard states at once what its processes need, and no more when it is taken away', async () => {
  let owner = there;
  const listeners = new Set<() => void>();
  const told: string[] = [];
  const manager = await start({
    ownerOf: () => owner,
    onOwnersChanged: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onState: (key) => void told.push(`${key} by ${owner}`),
  });
  await happens(opened('one'));
  await happens(opened('two'));
  await eventually(async () => expect(await statesOf(manager)).toEqual(['one open', 'two open']));
  expect(emitted()).toEqual([]);
  owner = here;
  for (const listener of listeners) listener();
  await eventually(() => expect(emitted()).toEqual(['one', 'two']));
  owner = there;
  for (const listener of listeners) listener();
  await eventually(() => expect(told.slice(-2)).toEqual(['one by west', 'two by west']));
  expect(emitted()).toEqual(['one', 'two']);
  await stop(manager);
  expect(listeners.size).toBe(0);
});

it('a process that moves again soon stands in no other place of the index: its time of moving stays for some seconds', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T12:00:00Z') });
  try {
    const manager = await start({ sweepPace: { intervalMs: 3_600_000, resumeIntervalMs: 3_600_000 } }); // a sweep sets it too
    const movedAt = async (...events: readonly TicketEvent[]): Promise<string> => {
      await happens(...events);
      const { pool } = manager.database;
      await eventually(async () => {
        const { rows } = await pool.query<{ seq: string }>('select seq from shard_progress where shard = $1', [shard]);
        expect(Number(rows[0]?.seq)).toBe(seq);
      });
      const { rows } = await pool.query<{ moved_at: Date }>('select moved_at from process_state');
      return rows[0]!.moved_at.toISOString();
    };
    expect(await movedAt(opened('one'))).toBe('2026-01-01T12:00:00.000Z');
    vi.setSystemTime('2026-01-01T12:00:02Z');
    expect(await movedAt(opened('one'))).toBe('2026-01-01T12:00:00.000Z');
    vi.setSystemTime('2026-01-01T12:00:04Z');
    expect(await movedAt(served('one'))).toBe('2026-01-01T12:00:04.000Z');
    vi.setSystemTime('2026-01-01T11:00:00Z'); // a clock that was set back hides nothing from the sweeper
    expect(await movedAt(opened('one'))).toBe('2026-01-01T11:00:00.000Z');
  } finally {
    vi.useRealTimers();
  }
});

describe('a commit that cannot be read', () => {
  it('is announced and listed under an id of its own, can be decided about, and frees what waits for it', async () => {
    await commit('a', 'from the future');
    await happens(opened('a'));
    const manager = await start();
    const id = `tickets:${shard}:1`;
    await eventually(() => expect(recordsOf('parked').map(({ key }) => key)).toEqual([id]));
    await eventually(async () =>
      expect((await manager.parked.list()).map((record) => `${record.id} ${record.status}`)).toEqual([
        `${id} parked`,
        `tickets:${shard}:2 withheld`,
      ]),
    );
    expect(await manager.parked.decide(`${shard}:1`, 'skip')).toEqual({ outcome: 'refused', code: 'unknown-record' });
    expect(await manager.parked.decide(id, 'skip')).toMatchObject({ outcome: 'decided', status: 'skipped', released: 1 });
    await eventually(() => expect(emitted()).toEqual(['a']));
  });

  it('is applied by the first leader that can read it', async () => {
    await commit('a', 'from the future');
    await commit('b', 'nonsense');
    await happens(served('a'));
    const old = await start();
    await eventually(async () => expect((await old.parked.list()).length).toBe(3));
    await stop(old);
    const decode = (body: string): readonly TicketEvent[] => (body === 'from the future' ? [opened('a')] : ticketEvents.decode(body));
    const upgraded = await start({ catalogue: { decode } });
    await eventually(async () => expect(await statesOf(upgraded)).toEqual(['a served']));
    expect((await upgraded.parked.list()).map(({ id, status }) => `${id} ${status}`)).toEqual([
      `tickets:${shard}:2 parked`,
      `tickets:${shard}:1 applied`,
      `tickets:${shard}:3 applied`,
    ]);
  });
});

it('lives on when PostgreSQL is killed in the middle of a sweep', async () => {
  await happens(opened('due'));
  let release: () => void = () => undefined;
  let swept = 0;
  const hanging = clusterWith({
    appender: async (name) => {
      const appender = await cluster.appender(name);
      if (name !== 'tickets-commands') return appender;
      return {
        append: (...batch) => appender.append(...batch),
        appendEach: async (batches) => {
          if (++swept === 1) await new Promise<void>((resolve) => (release = resolve));
          return appender.appendEach(batches);
        },
        close: () => appender.close(),
      };
    },
  });
  await start({ cluster: hanging, sweepPace: { restMs: 3_600_000 } });
  await eventually(() => expect(swept).toBe(1));
  await postgres.crash();
  release();
  await eventually(() => expect(swept).toBeGreaterThan(1));
});
