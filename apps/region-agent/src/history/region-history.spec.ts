import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { region } from '#contracts';
import { createServiceApp, HealthRegistry } from '#service-kit';
import { DoubtfulAppendError, type LogCluster } from '#shard-log';
import { eventuallyHolds } from '#test-kit';
import { ScriptedCluster } from '../testing/scripted.cluster.ts';
import type { RegionEvent } from '../region-events.port.ts';
import { HistoryController, regionHistory } from './history.controller.ts';
import { historyTopic, RegionHistory, type RegionHistoryOptions } from './region-history.ts';

const log = pino({ level: 'silent' });
const open: RegionHistory[] = [];
afterEach(async () => {
  for (const history of open.splice(0)) await history.close();
});

const entry = (number: number): RegionEvent => ({ term: 1, event: `event-${number}`, because: 'a test says so', details: { number } });
const at = '2026-11-21T10:00:00.000Z';
const eventsOf = (history: RegionHistory, limit = 100) => history.newest(limit).map(({ event }) => event);

function historyOver(cluster: LogCluster, options: Partial<RegionHistoryOptions> = {}): RegionHistory {
  const history = new RegionHistory({ cluster, log, region: region('east'), instance: 1, now: () => at, ...options });
  open.push(history);
  history.start();
  return history;
}

function scripted(): ScriptedCluster {
  const cluster = new ScriptedCluster();
  cluster.create(historyTopic, 1);
  return cluster;
}

it('keeps what was recorded, in order, for an agent that starts later', async () => {
  const cluster = scripted();
  const first = historyOver(cluster.port());
  for (const number of [1, 2, 3]) first.record(entry(number));
  await eventuallyHolds(() => expect(cluster.records(historyTopic)).toHaveLength(3));
  const later = historyOver(cluster.port());
  await eventuallyHolds(() => expect(eventsOf(later)).toEqual(['event-1', 'event-2', 'event-3']));
  expect(eventsOf(later, 2)).toEqual(['event-2', 'event-3']);
});

it('an agent sees what the other one records', async () => {
  const cluster = scripted();
  const [one, two] = [historyOver(cluster.port()), historyOver(cluster.port(), { instance: 2 })];
  one.record(entry(1));
  await eventuallyHolds(() => expect(eventsOf(two)).toEqual(['event-1']));
  two.record(entry(2));
  await eventuallyHolds(() => expect(eventsOf(one)).toEqual(['event-1', 'event-2']));
});

it('an entry whose append was in doubt is written again and shown once', async () => {
  const cluster = scripted();
  const history = historyOver(cluster.port());
  cluster.loseNextAnswer = true;
  history.record(entry(1));
  await eventuallyHolds(() => expect(cluster.records(historyTopic)).toHaveLength(2));
  await eventuallyHolds(() => expect(eventsOf(history)).toEqual(['event-1']));
});

it('while Kafka is away entries wait, the oldest go first, and the history says how many', async () => {
  const cluster = scripted();
  const port = cluster.port();
  let away = true;
  const broken: LogCluster = {
    ...port,
    appender: async (name) => {
      if (away) throw new DoubtfulAppendError('away, as ordered', { nothingSent: true });
      return port.appender(name);
    },
  };
  const history = historyOver(broken, { pendingMax: 3 });
  for (let number = 1; number <= 5; number++) history.record(entry(number));
  expect(eventsOf(history).slice(-3)).toEqual(['event-3', 'event-4', 'event-5']);
  await eventuallyHolds(() => expect(history.problem).toContain('away'));
  away = false;
  await eventuallyHolds(() => expect(eventsOf(history)).toEqual(['history-dropped', 'event-3', 'event-4', 'event-5']));
  expect(history.newest(10)[0]).toMatchObject({ details: { count: 2, from: at, to: at } });
});

it('a record that is no entry is passed over', async () => {
  const cluster = scripted();
  cluster.put(historyTopic, 0, [{ key: null, headers: {}, value: '{' }]);
  const history = historyOver(cluster.port());
  history.record(entry(1));
  await eventuallyHolds(() => expect(eventsOf(history)).toEqual(['event-1']));
});

it('answers GET /history with the newest, oldest first', async () => {
  const cluster = scripted();
  const history = historyOver(cluster.port());
  for (const number of [1, 2, 3]) history.record(entry(number));
  await eventuallyHolds(() => expect(cluster.records(historyTopic)).toHaveLength(3));
  class TestModule {}
  const app = await createServiceApp(
    { module: TestModule, controllers: [HistoryController], providers: [{ provide: regionHistory, useValue: history }] },
    { log, health: new HealthRegistry(), verifier: undefined },
  );
  const answer = await app.inject({ method: 'GET', url: '/history?limit=2' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json().entries).toEqual([2, 3].map((number) => ({ at, region: 'east', instance: 1, ...entry(number) })));
  expect((await app.inject({ method: 'GET', url: '/history?limit=0' })).statusCode).toBe(400);
  await app.close();
});
