import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, eventuallyHolds, startTestBroker, type TestBroker } from '#test-kit';
import { connectKafkaCluster, DoubtfulAppendError, type LogCluster, type StoredRecord } from '#shard-log';
import { clusterContract } from '../../libs/shard-log/src/cluster.contract.ts';

clusterContract('Kafka', async () => {
  const broker = await startTestBroker();
  return {
    connect: () => connectKafkaCluster({ brokers: broker.brokers, clientId: 'contract' }),
    sessionTimeoutMs: 2_000,
    stop: () => broker.stop(),
  };
});

describe('Kafka, when something is lost', { timeout: 400_000 }, () => {
  let broker: TestBroker;
  let cluster: LogCluster;
  const record = (value: string) => ({ key: null, headers: {}, value });

  /** Asks a stopped broker until it is silent: the signal has come back before each of its threads stands still, and one may answer yet. @throws what the last try threw */
  async function askedWhileStopped(ask: () => Promise<unknown>): Promise<never> {
    broker.program().signal('SIGSTOP');
    try {
      for (;;) await ask();
    } finally {
      broker.program().signal('SIGCONT');
    }
  }

  beforeAll(async () => {
    broker = await startTestBroker();
    cluster = connectKafkaCluster({ brokers: broker.brokers, clientId: 'faults' });
  });
  afterAll(async () => {
    await cluster.close();
    await broker.stop();
  });

  it('rests after each fetch for as long as it is told, which depends on what the fetch brought', async () => {
    await cluster.createTopics([{ topic: 'rests', partitions: 1, config: {} }]);
    const appender = await cluster.appender('rests');
    await appender.append('rests', 0, [record('a'), record('b'), record('c')]);
    const restMs = 1_500;
    const brought: number[] = [];
    const deliveredAtMs: number[] = [];
    const reader = await cluster.read({
      name: 'rests',
      from: [{ topic: 'rests', partition: 0, offset: 0 }],
      restMs: (records) => (brought.push(records), restMs),
      onBatch: async () => void deliveredAtMs.push(performance.now()),
      onStopped: () => undefined,
    });
    await eventually(() => deliveredAtMs.length === 1);
    await appender.append('rests', 0, [record('d')]);
    await eventually(() => deliveredAtMs.length === 2);
    expect(brought).toEqual([3, 1]);
    expect(deliveredAtMs[1]! - deliveredAtMs[0]!).toBeGreaterThan(restMs / 2); // it counts from the fetch, not from the delivery
    await reader.close();
    await appender.close();
  });

  it('loses nothing that was acknowledged and repeats nothing to the reader, when the broker is killed', async () => {
    await cluster.createTopics([{ topic: 'faults', partitions: 2, config: {} }]);
    const seen: StoredRecord[] = [];
    const stopped: Error[] = [];
    const reader = await cluster.read({
      name: 'faults',
      from: [0, 1].map((partition) => ({ topic: 'faults', partition, offset: 0 })),
      onBatch: async (records) => void seen.push(...records),
      onStopped: (error) => void stopped.push(error),
    });
    const appender = await cluster.appender('faults');
    const acknowledged: string[] = [];
    let doubtful = 0;
    const appends = { go: true };
    const appending = (async () => {
      for (let n = 0; appends.go; n += 1)
        try {
          await appender.append('faults', n % 2, [record(String(n))]);
          acknowledged.push(String(n));
        } catch (error) {
          if (!(error instanceof DoubtfulAppendError)) throw error;
          doubtful += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
    })();
    for (const _kill of ['first', 'second']) {
      const before = acknowledged.length;
      await eventually(() => acknowledged.length > before + 100, { withinMs: 60_000 });
      await broker.kill();
      await broker.restart();
    }
    const restarted = acknowledged.length;
    await eventually(() => acknowledged.length > restarted + 100, { withinMs: 60_000 });
    appends.go = false;
    await appending;
    await eventually(() => seen.at(-1) !== undefined && acknowledged.every((value) => seen.some((stored) => stored.value === value)), {
      withinMs: 60_000,
      everyMs: 200,
    });
    expect(stopped).toEqual([]);
    expect(doubtful).toBeGreaterThan(0);
    for (const partition of [0, 1]) {
      const offsets = seen.filter((stored) => stored.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, index) => index));
    }
    await reader.close();
    await appender.close();
  });

  it('a question after the broker was killed and is back does not hear of it', async () => {
    await cluster.createTopics([{ topic: 'asked', partitions: 2, config: {} }]);
    const before = await cluster.describe(['asked']);
    await broker.kill();
    await broker.restart();
    const answers: unknown[] = [];
    const asking = async (): Promise<boolean> => {
      const described = await cluster.describe(['asked']).catch((error: unknown) => error);
      answers.push(described);
      return described instanceof Map && described.size > 0; // one that has just started may not know all topics yet
    };
    await eventually(asking);
    expect(answers.filter((answer) => answer instanceof Error)).toEqual([]);
    expect(answers.at(-1)).toEqual(before);
  });

  it('a question that a hanging broker does not answer fails in time, and the next one is answered when it goes on', async () => {
    await cluster.createTopics([{ topic: 'asked', partitions: 2, config: {} }]);
    await cluster.topicId('asked');
    let askedAt = 0;
    const asked = askedWhileStopped(() => {
      askedAt = Date.now();
      return cluster.topicId('asked');
    });
    await expect(asked).rejects.toThrow(/not answered within 3000 ms/);
    expect(Date.now() - askedAt).toBeLessThan(30_000);
    await eventually(async () => (await cluster.topicId('asked')) !== undefined);
  });

  it('gives the partitions of a killed member to the other within three seconds, with what it had not done', async () => {
    // A broker that was stopped counts as away for a moment yet.
    await eventuallyHolds(() => cluster.createTopics([{ topic: 'commands', partitions: 4, config: {} }]));
    const appender = await cluster.appender('commands');
    const fixture = fileURLToPath(new URL('command-member.fixture.ts', import.meta.url));
    let printed = '';
    const children: ChildProcess[] = [];
    const startChild = (): ChildProcess => {
      const child = spawn(process.execPath, ['--conditions=source', fixture, broker.brokers[0]!, 'deciders', 'commands'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      children.push(child);
      return child;
    };
    try {
      const first = startChild();
      await eventually(() => printed.includes('has 4'), { withinMs: 60_000 });
      for (const partition of [0, 1, 2, 3]) await appender.append('commands', partition, [record(`p${partition}`)]);
      await eventually(() => new Set(printed.match(/saw \w+\n/g)).size === 4);
      let has = 0;
      const seen = new Set<string | null>();
      const survivor = await cluster.consumeCommands({
        group: 'deciders',
        topic: 'commands',
        onAssigned: (partitions) => void (has = partitions.length),
        onBatch: async (_partition, records) => {
          for (const { value } of records) seen.add(value);
        },
        onStopped: (error) => expect.fail(error.message),
      });
      const handedOverMs = async (child: ChildProcess): Promise<number> => {
        await eventually(() => has === 2 && seen.size >= 2, { withinMs: 60_000 });
        const killedAt = Date.now();
        child.kill('SIGKILL');
        await eventually(() => has === 4);
        return Date.now() - killedAt;
      };
      let tookMs = await handedOverMs(first);
      await eventually(() => seen.size === 4);
      // On a machine that stood still meanwhile another one is killed.
      await eventually(
        async () => {
          if (tookMs >= 3_500) tookMs = await handedOverMs(startChild());
          return tookMs < 3_500;
        },
        { withinMs: 60_000 },
      );
      await survivor.close();
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await appender.close();
    }
  });

  it('notices a broker that hangs, and goes on when it answers again', async () => {
    await eventuallyHolds(() => cluster.createTopics([{ topic: 'hangs', partitions: 1, config: {} }]));
    const appender = await cluster.appender('hangs');
    const seen: StoredRecord[] = [];
    const reader = await cluster.read({
      name: 'hangs',
      from: [{ topic: 'hangs', partition: 0, offset: 0 }],
      onBatch: async (records) => void seen.push(...records),
      onStopped: (error) => expect.fail(error.message),
    });
    await appender.append('hangs', 0, [record('before')]);
    await eventually(() => seen.length === 1);
    await expect(askedWhileStopped(() => appender.append('hangs', 0, [record('in doubt')]))).rejects.toThrow(DoubtfulAppendError);
    await eventually(async () => (await appender.append('hangs', 0, [record('after')])).firstOffset > 0);
    await eventually(() => seen.at(-1)?.value === 'after');
    expect(seen.map(({ offset }) => offset)).toEqual(seen.map((_, index) => index));
    await reader.close();
    await appender.close();
  });
});
