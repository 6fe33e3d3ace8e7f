import { expect, it } from 'vitest';
import { eventually, eventuallyHolds } from '#test-kit';
import type { LogCluster, NewRecord, StoredRecord } from './cluster.port.ts';

/** What every adapter of `LogCluster` must do. `connect` gives one more client of the same cluster. */
export interface ClusterUnderTest {
  connect(): LogCluster;
  /** After which a member that is silent has lost its partitions. */
  readonly sessionTimeoutMs: number;
  stop(): Promise<void>;
}

const record = (value: string): NewRecord => ({ key: `key of ${value}`, headers: {}, value });
const valuesOf = (records: readonly StoredRecord[]) => records.map(({ value }) => value);

/** The part of the contract that concerns groups of command consumers; called by `clusterContract`. */
export function commandConsumerContract(given: () => { under: ClusterUnderTest; newTopic(partitions: number): Promise<string> }): void {
  const member = async (client: LogCluster, group: string, topic: string) => {
    const seen: StoredRecord[] = [];
    const assignments: (readonly number[])[] = [];
    const stopped: Error[] = [];
    const consumer = await client.consumeCommands({
      group,
      topic,
      onAssigned: (partitions) => void assignments.push(partitions),
      onBatch: async (_partition, records) => void seen.push(...records),
      onStopped: (error) => void stopped.push(error),
    });
    return {
      consumer,
      seen,
      stopped,
      has: () => assignments.at(-1)?.length ?? 0,
      assigned: () => assignments.map(({ length }) => length),
    };
  };

  it('shares the partitions among the members of a group, and hands them over when one leaves', async () => {
    const { under, newTopic } = given();
    const [topic, group] = [await newTopic(4), `group.${Math.random()}`];
    const [one, two] = [under.connect(), under.connect()];
    const a = await member(one, group, topic);
    await eventually(() => a.has() === 4, { withinMs: 60_000 });
    const b = await member(two, group, topic);
    await eventually(() => a.has() === 2 && b.has() === 2);
    const appender = await one.appender('writer');
    for (const partition of [0, 1, 2, 3]) await appender.append(topic, partition, [record(`p${partition}`)]);
    await eventually(() => new Set(valuesOf([...a.seen, ...b.seen])).size === 4);
    await a.consumer.close();
    await eventually(() => b.has() === 4);
    expect([...a.stopped, ...b.stopped]).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  it('begins after what was done, and gives again what was not', async () => {
    const { under, newTopic } = given();
    const [topic, group] = [await newTopic(1), `group.${Math.random()}`];
    const [one, two] = [under.connect(), under.connect()];
    const appender = await one.appender('writer');
    await appender.append(topic, 0, [record('done'), record('taken only')]);
    const a = await member(one, group, topic);
    await eventually(() => a.seen.length >= 2);
    a.consumer.done(0, 1);
    await a.consumer.close();
    const b = await member(two, group, topic);
    await eventually(() => b.seen.length >= 1);
    expect(new Set(valuesOf(b.seen))).toEqual(new Set(['taken only']));
    await Promise.all([one.close(), two.close()]);
  });

  it('does not repeat to a member what it has taken, when another one joins', async () => {
    const { under, newTopic } = given();
    const whenAnotherJoins = async () => {
      const [topic, group] = [await newTopic(2), `group.${Math.random()}`];
      const [one, two] = [under.connect(), under.connect()];
      const appender = await one.appender('writer');
      const a = await member(one, group, topic);
      await eventually(() => a.has() === 2);
      for (const partition of [0, 1]) await appender.append(topic, partition, [record(`taken ${partition}`)]);
      await eventually(() => a.seen.length >= 2);
      const b = await member(two, group, topic);
      await eventually(() => a.has() === 1 && b.has() === 1);
      for (const partition of [0, 1]) await appender.append(topic, partition, [record(`new ${partition}`)]);
      await eventually(() => new Set(valuesOf([...a.seen, ...b.seen]).filter((value) => value?.startsWith('new') === true)).size === 2);
      await Promise.all([one.close(), two.close()]);
      return { seen: a.seen, assigned: [a.assigned(), b.assigned()].join(' and ') };
    };
    // On a machine that stood still for longer than a session, a member has lost its place: then once more.
    const { seen } = await eventually(
      async () => {
        const joined = await whenAnotherJoins();
        return joined.assigned === '2,1 and 1' && joined;
      },
      { withinMs: 60_000 },
    );
    expect(seen).toHaveLength(3);
  });

  it('keeps a member that takes its time with a batch, and tells it what it lost before the batch is taken', async () => {
    const { under, newTopic } = given();
    const stopped: Error[] = [];
    const takesItsTime = async () => {
      const [topic, group] = [await newTopic(2), `group.${Math.random()}`];
      const [one, two] = [under.connect(), under.connect()];
      let taken = (): void => undefined;
      const taking = new Promise<void>((resolve) => (taken = resolve));
      const [had, seen]: [number[], StoredRecord[]] = [[], []];
      const slow = await one.consumeCommands({
        group,
        topic,
        onAssigned: (partitions) => void had.push(partitions.length),
        onBatch: async (_partition, records) => {
          seen.push(...records);
          await taking;
        },
        onStopped: (error) => void stopped.push(error),
      });
      await eventually(() => had.at(-1) === 2);
      const appender = await one.appender('writer');
      await appender.append(topic, 0, [record('slow')]);
      await eventually(() => seen.length >= 1);
      const b = await member(two, group, topic);
      await eventually(() => had.at(-1) === 1 && b.has() === 1);
      const outlasted = Date.now() + under.sessionTimeoutMs * 1.5;
      await eventually(() => Date.now() > outlasted);
      const assigned = [[...had], b.assigned()];
      taken();
      for (const partition of [0, 1]) await appender.append(topic, partition, [record(`after ${partition}`)]);
      await eventually(() => new Set(valuesOf([...seen, ...b.seen]).filter((value) => value?.startsWith('after') === true)).size === 2);
      await slow.close();
      await Promise.all([one.close(), two.close()]);
      stopped.push(...b.stopped);
      return assigned;
    };
    // On a machine that stood still for longer than a session, no heartbeat has kept it: then once more.
    await eventuallyHolds(async () => expect(await takesItsTime()).toEqual([[2, 1], [1]]), { withinMs: 60_000 });
    expect(stopped).toEqual([]);
  });
}
