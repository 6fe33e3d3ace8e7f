import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  const { kafkaProgram } = await import('#embedded-runtime');
  const spec = kafkaProgram({ name: 'test.kafka', address: '127.0.0.1', port, controllerPort, links: [], dataDir });
  let program = await runProgram(spec);
  return {
    brokers: [`127.0.0.1:${port}`],
    program: () => program,
    kill: () => program.kill(),
    restart: async () => {
      program = await runProgram(spec);
    },
    stop: async () => {
      await program.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
