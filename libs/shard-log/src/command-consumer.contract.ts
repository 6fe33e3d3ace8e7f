import { expect, it } from 'vitest';
import { eventually } from '#test-kit';
import type { LogCluster, NewRecord, StoredRecord } from './cluster.port.ts';

/** What every adapter of `LogCluster` must do. `connect` gives one more client of the same cluster. */
export interface ClusterUnderTest {
  connect(): LogCluster;
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
    return { consumer, seen, stopped, has: () => assignments.at(-1)?.length ?? 0 };
  };

  it('shares the partitions among the members of a group, and hands them over when one leaves', async () => {
    const { under, newTopic } = given();
    const [topic, group] = [await newTopic(4), `group.${Math.random()}`];
    const [one, two] = [under.connect(), under.connect()];
    const a = await member(one, group, topic);
    await eventually(() => a.has() === 4);
    const b = await member(two, group, topic);
    await eventually(() => a.has() === 2 && b.has() === 2);
    const appender = await one.appender('writer');
    for (const partition of [0, 1, 2, 3]) await appender.append(topic, partition, [record(`p${partition}`)]);
    await eventually(() => a.seen.length + b.seen.length === 4);
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
    await eventually(() => a.seen.length === 2);
    a.consumer.done(0, 1);
    await a.consumer.close();
    const b = await member(two, group, topic);
    await eventually(() => b.seen.length === 1);
    expect(valuesOf(b.seen)).toEqual(['taken only']);
    await Promise.all([one.close(), two.close()]);
  });

  it('does not repeat to a member what it has taken, when another one joins', async () => {
    const { under, newTopic } = given();
    const [topic, group] = [await newTopic(2), `group.${Math.random()}`];
    const [one, two] = [under.connect(), under.connect()];
    const appender = await one.appender('writer');
    const a = await member(one, group, topic);
    await eventually(() => a.has() === 2);
    for (const partition of [0, 1]) await appender.append(topic, partition, [record(`taken ${partition}`)]);
    await eventually(() => a.seen.length === 2);
    const b = await member(two, group, topic);
    await eventually(() => a.has() === 1 && b.has() === 1);
    for (const partition of [0, 1]) await appender.append(topic, partition, [record(`new ${partition}`)]);
    await eventually(() => [...a.seen, ...b.seen].filter(({ value }) => value?.startsWith('new') === true).length === 2);
    expect(a.seen).toHaveLength(3);
    await Promise.all([one.close(), two.close()]);
  });
}
