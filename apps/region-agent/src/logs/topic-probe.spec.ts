import { expect, it } from 'vitest';
import { region } from '#contracts';
import type { LogCluster } from '#shard-log';
import { ScriptedCluster } from '../testing/scripted.cluster.ts';
import { mirroredEvents, ownEventsAndReceipts } from './source-topic.ts';
import { TopicProbe } from './topic-probe.ts';

const [east, west] = [region('east'), region('west')];
const sources = [...mirroredEvents(west, [east, west], 2), ...ownEventsAndReceipts(west, [east, west], 2)];
const record = { key: null, headers: {}, value: 'v' };

function probeOver(cluster: ScriptedCluster) {
  const asked: string[] = [];
  const port = cluster.port();
  const counting: LogCluster = {
    ...port,
    describe: (topics) => (asked.push('describe'), port.describe(topics)),
    topicId: (topic) => (asked.push('topicId'), port.topicId(topic)),
    endOffsets: (topic) => (asked.push('endOffsets'), port.endOffsets(topic)),
  };
  return { probe: new TopicProbe(counting, new Map()), asked };
}

it('asks the cluster one question for all topics, and tells which are missing and how far each is ahead', async () => {
  const cluster = new ScriptedCluster();
  for (const { topic, partitions } of sources) if (topic !== 'east.payment.events') cluster.create(topic, partitions);
  cluster.put('east.order.events', 1, [record, record, record]);
  const { probe, asked } = probeOver(cluster);
  expect(await probe.ask(sources, new Map([['east.order.events:1', 1]]))).toEqual([]);
  expect(asked).toEqual(['describe']);
  expect(probe.problem()).toBe('missing: east.payment.events');
  expect(probe.status().filter(({ lagRecords }) => lagRecords > 0)).toEqual([{ topic: 'east.order.events', exists: true, lagRecords: 2 }]);
});

it('a topic that was created anew is told until the reader has gone back to its start', async () => {
  const cluster = new ScriptedCluster();
  for (const { topic, partitions } of sources) cluster.create(topic, partitions);
  const { probe } = probeOver(cluster);
  await probe.ask(sources, new Map());
  cluster.create('east.order.events', 2);
  for (const _probe of ['first', 'second'])
    expect((await probe.ask(sources, new Map())).map(({ source }) => source.topic)).toEqual(['east.order.events']);
});
