import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventuallyHolds } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { runProgram, type RunningProgram } from './run-program.ts';

export interface TestBroker {
  /** `host:port`, as a client is given it; the same after a restart. */
  readonly brokers: readonly string[];
  program(): RunningProgram;
  /** SIGKILL: what it had not yet handed to the operating system is lost. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** Stops it and deletes its data. */
  stop(): Promise<void>;
}

/** A real Kafka broker of its own on free ports of the loopback address, with its data in a temporary directory. */
export async function startTestBroker(): Promise<TestBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'evenkeel-broker-'));
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  // Loaded here only: most tests that use this kit start no program.
  const [{ kafkaProgram }, { connectKafkaCluster }] = await Promise.all([import('#embedded-runtime'), import('#shard-log')]);
  const spec = kafkaProgram({ name: 'test.kafka', address: '127.0.0.1', port, controllerPort, links: [], dataDir });
  const brokers = [`127.0.0.1:${port}`];
  const start = async (): Promise<RunningProgram> => {
    const started = await runProgram(spec);
    // A cold broker takes longer over its first request than a client waits for it.
    const first = connectKafkaCluster({ brokers, clientId: 'warm-up' });
    try {
      await eventuallyHolds(() => first.createTopics([{ topic: 'warm-up', partitions: 1, config: {} }]), { withinMs: 60_000 });
      return started;
    } catch (error) {
      await started.kill();
      throw error;
    } finally {
      await first.close();
    }
  };
  let program = await start();
  return {
    brokers,
    program: () => program,
    kill: () => program.kill(),
    restart: async () => {
      program = await start();
    },
    stop: async () => {
      await program.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
