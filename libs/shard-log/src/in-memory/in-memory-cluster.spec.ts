import { describe, expect, it } from 'vitest';
import { eventually } from '#test-kit';
import { DoubtfulAppendError, type StoredRecord } from '../cluster.port.ts';
import { clusterContract } from '../cluster.contract.ts';
import { InMemoryBroker } from './in-memory-broker.ts';
import { InMemoryMirror } from './in-memory-mirror.ts';

clusterContract('the in-memory adapter', async () => {
  const broker = new InMemoryBroker();
  return { connect: () => broker.connect(), sessionTimeoutMs: 10, stop: async () => undefined };
});

const record = (value: string) => ({ key: null, headers: {}, value });
const valuesIn = (broker: InMemoryBroker, topic: string) => broker.log(topic, 0).map(({ value }) => value);

describe('faults that a test orders', () => {
  it('leaves the writer in doubt, whether the append is in the log, never comes, or comes late', async () => {
    const broker = new InMemoryBroker();
    broker.create('t', 1);
    const appender = await broker.connect().appender('writer');
    for (const fate of ['append-in-doubt', 'lose', 'append-late'] as const) {
      broker.fateOf = () => fate;
      await expect(appender.append('t', 0, [record(fate)])).rejects.toThrow(DoubtfulAppendError);
    }
    broker.fateOf = () => 'append';
    await appender.append('t', 0, [record('append')]);
    broker.releaseLate();
    expect(valuesIn(broker, 't')).toEqual(['append-in-doubt', 'append', 'append-late']);
  });

  it('delivers nothing while the broker hangs, and everything after', async () => {
    const broker = new InMemoryBroker();
    broker.create('t', 1);
    broker.store('t', 0, [record('a')]);
    const seen: StoredRecord[] = [];
    const from = [{ topic: 't', partition: 0, offset: 0 }];
    broker.pause();
    await broker.connect().read({ name: 'r', from, onBatch: async (records) => void seen.push(...records), onStopped: () => undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    broker.resume();
    await eventually(() => seen.length === 1);
  });

  it('stops a reader whose log lost its tail or was created anew', async () => {
    for (const fault of ['loseTail', 'recreate'] as const) {
      const broker = new InMemoryBroker();
      broker.create('t', 1);
      broker.store('t', 0, [record('a'), record('b')]);
      const stopped: Error[] = [];
      let seen = 0;
      await broker.connect().read({
        name: 'r',
        from: [{ topic: 't', partition: 0, offset: 0 }],
        onBatch: async (records) => void (seen += records.length),
        onStopped: (error) => void stopped.push(error),
      });
      await eventually(() => seen === 2);
      if (fault === 'loseTail') broker.loseTail('t', 0, 1);
      else broker.recreate('t');
      await eventually(() => stopped.length === 1);
      expect(stopped[0]!.name).toBe('LogChangedError');
    }
  });

  it('gives a crashed process no more records, and its partitions to the others', async () => {
    const broker = new InMemoryBroker();
    broker.create('commands', 4);
    const [doomed, survivor] = [broker.connect(), broker.connect()];
    let has = 0;
    const options = { group: 'g', topic: 'commands', onBatch: async () => undefined, onStopped: () => undefined };
    await doomed.consumeCommands({ ...options, onAssigned: () => undefined });
    await survivor.consumeCommands({ ...options, onAssigned: (partitions) => void (has = partitions.length) });
    await eventually(() => has === 2);
    doomed.crash();
    await eventually(() => has === 4);
  });

  it('runs only when the schedule lets it', async () => {
    const tasks: (() => void)[] = [];
    const broker = new InMemoryBroker({ schedule: (task) => void tasks.push(task), now: () => 7 });
    broker.create('t', 1);
    broker.store('t', 0, [record('a')]);
    const seen: StoredRecord[] = [];
    const from = [{ topic: 't', partition: 0, offset: 0 }];
    await broker.connect().read({ name: 'r', from, onBatch: async (records) => void seen.push(...records), onStopped: () => undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    for (const task of tasks.splice(0)) task();
    expect(seen).toMatchObject([{ value: 'a', timestampMs: 7 }]);
  });
});

describe('a mirror in memory', () => {
  const mirrored = () => {
    const [from, to] = [new InMemoryBroker({ now: () => 1 }), new InMemoryBroker({ now: () => 2 })];
    from.create('order.events', 1);
    from.store('order.events', 0, ['a', 'b', 'c'].map(record));
    return { from, to, mirror: new InMemoryMirror({ from, to, origin: 'east', topics: ['order.events', 'receipts'] }) };
  };

  it('copies as much as it is told, under the prefixed name, with the first timestamps', () => {
    const { to, mirror } = mirrored();
    expect(mirror.copy(2)).toBe(2);
    expect(mirror.lag('order.events', 0)).toBe(1);
    expect(to.log('east.order.events', 0)).toMatchObject([
      { value: 'a', timestampMs: 1 },
      { value: 'b', offset: 1 },
    ]);
    expect(to.partitionsOf('east.receipts')).toBeUndefined();
  });

  it('repeats after a rewind, and leaves out what it skips', () => {
    const { to, mirror } = mirrored();
    mirror.copy(2);
    mirror.rewind('order.events', 0, 1);
    mirror.copy(1);
    mirror.skip('order.events', 0, 1);
    expect(mirror.copy()).toBe(0);
    expect(valuesIn(to, 'east.order.events')).toEqual(['a', 'b', 'b']);
  });

  it('follows its source until it is held', async () => {
    const { from, to, mirror } = mirrored();
    mirror.follow();
    await eventually(() => to.partitionsOf('east.order.events') === 1 && valuesIn(to, 'east.order.events').length === 3);
    mirror.hold();
    from.store('order.events', 0, [record('d')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(mirror.lag('order.events', 0)).toBe(1);
    mirror.follow();
    await eventually(() => mirror.lag('order.events', 0) === 0);
  });
});
