import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '#test-kit';
import { commandConsumerContract, type ClusterUnderTest } from './command-consumer.contract.ts';
import { RefusedAppendError, type LogCluster, type NewRecord, type ReadFrom, type StoredRecord } from './cluster.port.ts';

const record = (value: string, headers: Record<string, string> = {}): NewRecord => ({ key: `key of ${value}`, headers, value });
const valuesOf = (records: readonly StoredRecord[]) => records.map(({ value }) => value);
const forEver = { 'retention.ms': '-1' };

export function clusterContract(name: string, start: () => Promise<ClusterUnderTest>): void {
  describe(`${name} keeps the contract of a log cluster`, () => {
    let under: ClusterUnderTest;
    let cluster: LogCluster;
    let topics = 0;

    const newTopic = async (partitions = 2): Promise<string> => {
      const topic = `contract.${(topics += 1)}`;
      await cluster.createTopics([{ topic, partitions, config: forEver }]);
      return topic;
    };
    const collect = async (from: readonly ReadFrom[]) => {
      const records: StoredRecord[] = [];
      const stopped: Error[] = [];
      const reader = await cluster.read({
        name: 'contract',
        from,
        onBatch: async (batch) => void records.push(...batch),
        onStopped: (error) => void stopped.push(error),
      });
      return { reader, records, stopped };
    };

    beforeAll(async () => {
      under = await start();
      cluster = under.connect();
    });
    afterAll(async () => {
      await cluster.close();
      await under.stop();
    });

    it('creates topics once, and refuses another number of partitions', async () => {
      const topic = await newTopic(3);
      await cluster.createTopics([{ topic, partitions: 3, config: forEver }]);
      expect(await cluster.endOffsets(topic)).toEqual([0, 0, 0]);
      await expect(cluster.createTopics([{ topic, partitions: 4, config: forEver }])).rejects.toThrow(/partitions/);
    });

    it('gives a topic an id that stays, and none to a topic that does not exist', async () => {
      const topic = await newTopic();
      const id = await cluster.topicId(topic);
      expect(id).toBeTypeOf('string');
      expect(await cluster.topicId(topic)).toBe(id);
      expect(await cluster.topicId(await newTopic())).not.toBe(id);
      expect(await cluster.topicId('contract.absent')).toBeUndefined();
      await expect(cluster.endOffsets('contract.absent')).rejects.toThrow();
    });

    it('describes many topics at once, as if each were asked for alone, and says nothing of those that do not exist', async () => {
      const [first, second] = [await newTopic(3), await newTopic(1)];
      const appender = await cluster.appender('writer');
      await appender.append(first, 1, [record('a'), record('b')]);
      await appender.append(second, 0, [record('c')]);
      await appender.close();
      const described = await cluster.describe([first, 'contract.absent', second]);
      expect(Object.fromEntries(described)).toEqual({
        [first]: { id: await cluster.topicId(first), ends: [0, 2, 0] },
        [second]: { id: await cluster.topicId(second), ends: [1] },
      });
      expect(await cluster.describe([])).toEqual(new Map());
    });

    it('appends a batch without a gap and reads back what was written', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      const first = await appender.append(topic, 1, [record('a', { shard: 'order.east.1', seq: '1' }), record('b')]);
      const second = await appender.append(topic, 1, [{ key: null, headers: {}, value: null }, record('ü€')]);
      expect(second.firstOffset).toBe(first.firstOffset + 2);
      expect(await cluster.endOffsets(topic)).toEqual([0, second.firstOffset + 2]);
      const { reader, records } = await collect([{ topic, partition: 1, offset: 0 }]);
      await eventually(() => records.length === 4);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
      expect(valuesOf(records)).toEqual(['a', 'b', null, 'ü€']);
      expect(records[0]).toMatchObject({ topic, partition: 1, key: 'key of a', headers: { shard: 'order.east.1', seq: '1' } });
      expect(records[2]).toMatchObject({ key: null, headers: {} });
      expect(Math.abs(records[0]!.timestampMs - Date.now())).toBeLessThan(60_000);
      await reader.close();
      await appender.close();
    });

    it('keeps the order of appends that were called without waiting', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      const appended = await Promise.all(Array.from({ length: 50 }, (_, n) => appender.append(topic, 0, [record(String(n))])));
      expect(appended.map(({ firstOffset }) => firstOffset)).toEqual(Array.from({ length: 50 }, (_, n) => n));
      await appender.close();
    });

    it('appends to several partitions at once, and what cannot be appended fails by itself', async () => {
      const [topic, other] = [await newTopic(), await newTopic()];
      const appender = await cluster.appender('writer');
      await appender.append(topic, 1, [record('before')]);
      const outcomes = await appender.appendEach([
        { topic, partition: 0, records: [record('a'), record('b')] },
        { topic, partition: 1, records: [record('c')] },
        { topic: other, partition: 0, records: [record('x'.repeat(9 * 1024 * 1024))] },
        { topic: 'contract.absent', partition: 0, records: [record('lost')] },
        { topic: other, partition: 1, records: [record('d')] },
      ]);
      expect(outcomes).toEqual([
        { firstOffset: 0 },
        { firstOffset: 1 },
        expect.any(RefusedAppendError),
        expect.objectContaining({ name: 'DoubtfulAppendError', nothingSent: true }),
        { firstOffset: 0 },
      ]);
      expect(await appender.append(other, 0, [record('kept')])).toEqual({ firstOffset: 0 });
      await appender.close();
    });

    it('refuses what cannot be appended, and the appender goes on', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      const notSent = expect.objectContaining({ name: 'DoubtfulAppendError', nothingSent: true });
      await expect(appender.append('contract.absent', 0, [record('lost')])).rejects.toEqual(notSent);
      await expect(appender.append(topic, 9, [record('lost')])).rejects.toEqual(notSent);
      await expect(appender.append(topic, 0, [record('x'.repeat(9 * 1024 * 1024))])).rejects.toThrow(RefusedAppendError);
      expect(await appender.append(topic, 0, [record('kept')])).toEqual({ firstOffset: 0 });
      await appender.close();
    });

    it('carries a record of 2 MB', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      const value = 'v'.repeat(2 * 1024 * 1024);
      await appender.append(topic, 0, [record(value)]);
      await appender.append(topic, 0, [record('after')]);
      const { reader, records } = await collect([{ topic, partition: 0, offset: 0 }]);
      await eventually(() => records.length === 2);
      expect(records[0]!.value === value).toBe(true);
      await reader.close();
      await appender.close();
    });

    it('begins where the caller says: an offset, or the end as of now', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      await appender.append(topic, 0, [record('0'), record('1'), record('2')]);
      await appender.append(topic, 1, [record('old')]);
      const { reader, records } = await collect([
        { topic, partition: 0, offset: 2 },
        { topic, partition: 1, offset: 'end' },
      ]);
      await appender.append(topic, 1, [record('new')]);
      await eventually(() => records.length === 2);
      expect(new Set(valuesOf(records))).toEqual(new Set(['2', 'new']));
      await reader.close();
      await appender.close();
    });

    it('waits for a topic that does not exist yet, while it reads the others', async () => {
      const [present, later] = [await newTopic(), `contract.later.${(topics += 1)}`];
      const appender = await cluster.appender('writer');
      const { reader, records } = await collect([
        { topic: later, partition: 0, offset: 0 },
        { topic: present, partition: 0, offset: 0 },
      ]);
      await appender.append(present, 0, [record('first')]);
      await eventually(() => records.length === 1);
      await cluster.createTopics([{ topic: later, partitions: 1, config: forEver }]);
      await appender.append(later, 0, [record('second')]);
      await eventually(() => records.length === 2);
      await appender.append(present, 0, [record('third')]);
      await eventually(() => records.length === 3);
      expect(valuesOf(records)).toEqual(['first', 'second', 'third']);
      await reader.close();
      await appender.close();
    });

    it('delivers nothing of a paused partition, and all of it once resumed', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      const { reader, records } = await collect([
        { topic, partition: 0, offset: 0 },
        { topic, partition: 1, offset: 0 },
      ]);
      reader.pause([{ topic, partition: 0 }]);
      await appender.append(topic, 0, [record('held'), record('back')]);
      await appender.append(topic, 1, [record('flows')]);
      await eventually(() => records.length === 1);
      expect(valuesOf(records)).toEqual(['flows']);
      reader.resume([{ topic, partition: 0 }]);
      await eventually(() => records.length === 3);
      expect(valuesOf(records)).toEqual(['flows', 'held', 'back']);
      await reader.close();
      await appender.close();
    });

    it('calls onBatch for one batch at a time, each of one partition', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      for (const partition of [0, 1]) await appender.append(topic, partition, [record('a'), record('b')]);
      let running = 0;
      let most = 0;
      let taken = 0;
      const reader = await cluster.read({
        name: 'serial',
        from: [
          { topic, partition: 0, offset: 0 },
          { topic, partition: 1, offset: 0 },
        ],
        onBatch: async (batch) => {
          most = Math.max(most, (running += 1));
          expect(new Set(batch.map(({ partition }) => partition)).size).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          taken += batch.length;
        },
        onStopped: () => undefined,
      });
      await eventually(() => taken === 4);
      expect(most).toBe(1);
      await reader.close();
      await appender.close();
    });

    it('stops and says why when the receiver throws', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      await appender.append(topic, 0, [record('poison')]);
      const stopped: Error[] = [];
      const reader = await cluster.read({
        name: 'breaks',
        from: [{ topic, partition: 0, offset: 0 }],
        onBatch: () => Promise.reject(new Error('the receiver is broken')),
        onStopped: (error) => void stopped.push(error),
      });
      await eventually(() => stopped.length > 0);
      expect(stopped.map(({ message }) => message)).toEqual(['the receiver is broken']);
      await reader.close();
      await appender.close();
    });

    it('stops when a position lies beyond the end of the log', async () => {
      const topic = await newTopic();
      const { reader, stopped } = await collect([{ topic, partition: 0, offset: 7 }]);
      await eventually(() => stopped.length > 0);
      expect(stopped[0]!.name).toBe('LogChangedError');
      await reader.close();
    });

    it('awaits a running onBatch when closed, and delivers nothing after', async () => {
      const topic = await newTopic();
      const appender = await cluster.appender('writer');
      await appender.append(topic, 0, [record('one')]);
      const gate = Promise.withResolvers<void>();
      let [entered, left] = [0, 0];
      const reader = await cluster.read({
        name: 'closing',
        from: [{ topic, partition: 0, offset: 0 }],
        onBatch: async () => {
          entered += 1;
          await gate.promise;
          left += 1;
        },
        onStopped: () => undefined,
      });
      await eventually(() => entered === 1);
      const closed = reader.close().then(() => left);
      gate.resolve();
      expect(await closed).toBe(1);
      await appender.append(topic, 0, [record('two')]);
      expect(entered).toBe(1);
      await appender.close();
    });

    commandConsumerContract(() => ({ under, newTopic }));
  });
}
