import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mirroredTopics, topicsOfARegion } from '#contracts';
import { mirrorMakerProgram } from '#embedded-runtime';
import { connectKafkaCluster, type LogCluster, type StoredRecord } from '#shard-log';
import { eventually, runProgram, startTestBroker, type RunningProgram, type TestBroker } from '#test-kit';

const record = (value: string) => ({ key: 'order-1', headers: { shard: 'order.east.3' }, value });

/** What the design asks of a mirror, of the real programs as the runtime starts them. */
describe('MirrorMaker, between two brokers', () => {
  let brokers: TestBroker[];
  let [east, west]: LogCluster[] = [];
  let dataDir: string;
  let mirror: RunningProgram;
  const start = () => {
    const [from, to] = brokers.map((broker) => Number(broker.brokers[0]!.split(':')[1])) as [number, number];
    const host = '127.0.0.1';
    const sources = [{ region: 'east', host, port: from }];
    return runProgram(
      mirrorMakerProgram({
        name: 'west.mirror-maker',
        region: 'west',
        kafka: { host, port: to },
        sources,
        topics: mirroredTopics,
        dataDir,
      }),
    );
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'evenkeel-mirror-'));
    brokers = await Promise.all([startTestBroker(), startTestBroker()]);
    [east, west] = brokers.map(({ brokers: addresses }) => connectKafkaCluster({ brokers: addresses, clientId: 'mirror-test' }));
    await east!.createTopics(topicsOfARegion(3));
    mirror = await start();
  });
  afterAll(async () => {
    await Promise.all([east?.close(), west?.close()]);
    await mirror?.stop();
    await Promise.all(brokers.map((broker) => broker.stop()));
    await rm(dataDir, { recursive: true, force: true });
  });

  it("mirrors exactly the topics that the contracts name, with the source's partitions", async () => {
    for (const topic of mirroredTopics)
      expect((await west!.endOffsets(`east.${topic}`)).length).toBe((await east!.endOffsets(topic)).length);
    expect(await west!.topicId('east.order.commands')).toBeUndefined();
    expect(await west!.topicId('east.replies')).toBeUndefined();
  });

  it('keeps partition, order, key, headers and time, and goes on after it was killed without losing a record', async () => {
    const seen: StoredRecord[] = [];
    const reader = await west!.read({
      name: 'mirror',
      from: [0, 1, 2].map((partition) => ({ topic: 'east.order.events', partition, offset: 0 })),
      onBatch: async (records) => void seen.push(...records),
      onStopped: (error) => expect.fail(error.message),
    });
    const appender = await east!.appender('mirror');
    const append = async (from: number) => {
      for (let n = from; n < from + 100; n += 1) await appender.append('order.events', n % 3, [record(String(n))]);
    };
    await append(0);
    await eventually(() => new Set(seen.map(({ value }) => value)).size === 100, { withinMs: 60_000 });
    await mirror.kill();
    await append(100);
    mirror = await start();
    await eventually(() => new Set(seen.map(({ value }) => value)).size === 200, { withinMs: 60_000 });
    for (const partition of [0, 1, 2]) {
      const mirrored = seen.filter((stored) => stored.partition === partition);
      const firstCopies = mirrored.map(({ value }) => Number(value)).filter((value, index, all) => all.indexOf(value) === index);
      expect(firstCopies).toEqual(firstCopies.toSorted((a, b) => a - b));
      expect(firstCopies.every((value) => value % 3 === partition)).toBe(true);
    }
    expect(seen[0]).toMatchObject({ key: 'order-1', headers: { shard: 'order.east.3' } });
    await reader.close();
    await appender.close();
  });

  it('carries a record of 2 MB', async () => {
    const seen: StoredRecord[] = [];
    const from = [{ topic: 'east.payment.events', partition: 0, offset: 0 }];
    const onStopped = (error: Error) => expect.fail(error.message);
    const reader = await west!.read({ name: 'large', from, onBatch: async (records) => void seen.push(...records), onStopped });
    const appender = await east!.appender('large');
    const value = 'v'.repeat(2 * 1024 * 1024);
    await appender.append('payment.events', 0, [record(value)]);
    await eventually(() => seen.length > 0, { withinMs: 60_000 });
    expect(seen[0]!.value === value).toBe(true);
    await reader.close();
    await appender.close();
  });
});
