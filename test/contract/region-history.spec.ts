import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { region, topicsOfARegion } from '#contracts';
import { connectKafkaCluster, type LogCluster } from '#shard-log';
import { eventuallyHolds, startTestBroker, type TestBroker } from '#test-kit';
import { RegionHistory } from '../../apps/region-agent/src/history/region-history.ts';

/** The history of a region in a real Kafka that goes away and comes back. */
let broker: TestBroker;
let cluster: LogCluster;
const log = pino({ level: 'silent' });
const open: RegionHistory[] = [];
const patience = { withinMs: 30_000 };

beforeAll(async () => {
  broker = await startTestBroker();
  cluster = connectKafkaCluster({ brokers: broker.brokers, clientId: 'history-test' });
  const [topic] = topicsOfARegion(1).filter((one) => one.topic === 'region-history');
  await eventuallyHolds(() => cluster.createTopics([topic!]), { withinMs: 60_000 }); // a broker's first request may take long
});
afterAll(async () => {
  for (const history of open) await history.close();
  await cluster?.close();
  await broker?.stop();
});

function historyOf(instance: number): RegionHistory {
  const history = new RegionHistory({ cluster, log, region: region('east'), instance });
  open.push(history);
  history.start();
  return history;
}
const told = (history: RegionHistory) => history.newest(100).map(({ event, instance }) => `${instance} ${event}`);
const tell = (history: RegionHistory, event: string): void => history.record({ event, term: 1, because: 'a test says so' });

it('two agents write it, each shows all of it, and what was told while Kafka was away is told afterwards', async () => {
  const [one, two] = [historyOf(1), historyOf(2)];
  tell(one, 'lead-taken');
  await eventuallyHolds(() => expect(told(two)).toEqual(['1 lead-taken']), patience);
  await broker.kill();
  tell(two, 'kafka-lost');
  tell(two, 'lead-lost');
  await broker.restart();
  for (const history of [one, two])
    await eventuallyHolds(() => expect(told(history)).toEqual(['1 lead-taken', '2 kafka-lost', '2 lead-lost']), patience);
  const later = historyOf(1);
  await eventuallyHolds(() => expect(told(later)).toEqual(['1 lead-taken', '2 kafka-lost', '2 lead-lost']), patience);
});
