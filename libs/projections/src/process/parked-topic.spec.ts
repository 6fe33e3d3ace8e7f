import { expect, it } from 'vitest';
import { InMemoryBroker } from '#shard-log';
import type { ParkedRecord } from '../postgres/parked-table.ts';
import { ParkedTopic } from './parked-topic.ts';

const record: ParkedRecord = {
  id: 'order.east.0:7',
  topic: 'order.events',
  partition: 0,
  offset: 12,
  shard: 'order.east.0',
  seq: 7,
  streams: ['ord_1'],
  reason: 'not json',
  body: '{',
  status: 'parked',
  parkedAt: '2026-11-27T12:00:00.000Z',
};

function aRegion() {
  const broker = new InMemoryBroker();
  broker.create('parked', 1);
  const topicOf = (reader?: string) => new ParkedTopic(broker.connect(), { name: 'spec', reader });
  return { broker, topicOf };
}

it('says what was decided, to each reader its own, whoever asks and however often; an announcement is no decision', async () => {
  const { topicOf } = aRegion();
  const [projector, checkout] = [topicOf(), topicOf('checkout')];
  await projector.announce([record]);
  expect(await projector.skipped()).toEqual(new Set());
  await checkout.announce([record]);
  await checkout.skip(record.id);
  await projector.skip('order.east.0:9');
  await projector.skip('order.east.0:9');
  for (const asker of [checkout, topicOf('checkout')]) expect(await asker.skipped()).toEqual(new Set([record.id]));
  await projector.skip('order.events:0:3');
  const [first, second] = await Promise.all([projector.skipped(), projector.skipped()]);
  for (const skipped of [first, second, await topicOf().skipped()]) expect(skipped).toContain('order.events:0:3');
  expect(first).toContain('order.east.0:9');
  expect(first).not.toContain(record.id);
});

it('names records in the topic as people are told of them', async () => {
  const { broker, topicOf } = aRegion();
  await topicOf('checkout').announce([record]);
  const cluster = broker.connect();
  const announced: (string | null)[] = [];
  const reader = await cluster.read({
    name: 'spec',
    from: [{ topic: 'parked', partition: 0, offset: 0 }],
    onBatch: async (records) => void announced.push(...records.map(({ key }) => key)),
    onStopped: () => undefined,
  });
  await expect.poll(() => announced).toEqual(['checkout:order.east.0:7']);
  await reader.close();
});

it('reads a topic that was made anew from its beginning', async () => {
  const { broker, topicOf } = aRegion();
  const topic = topicOf();
  for (const seq of [1, 2, 3]) await topic.skip(`order.east.0:${seq}`);
  expect((await topic.skipped()).size).toBe(3);
  broker.recreate('parked');
  await topicOf().skip('order.east.0:4');
  expect(await topic.skipped()).toContain('order.east.0:4');
});

it('knows nothing while the topic is not there, and says so; then it does', async () => {
  const broker = new InMemoryBroker();
  const topic = new ParkedTopic(broker.connect(), { name: 'spec', reader: undefined });
  await expect(topic.skipped()).rejects.toThrow('no topic parked');
  broker.create('parked', 1);
  expect(await topic.skipped()).toEqual(new Set());
});
