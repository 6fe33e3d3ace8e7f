import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { LoadMessage, LoadRecord, LoadTask } from './load.protocol.ts';

export interface RunningLoad {
  readonly pid: number;
  /** Wall clock of the load's millisecond 0. */
  readonly startedAtMs: number;
  /** In the order of their numbers. @throws Error when the generator ends before it has told what became of its orders */
  readonly finished: Promise<readonly LoadRecord[]>;
  /** Lets the generator end, whatever it is doing. */
  release(): void;
}

/** Starts the generator's process, and resolves when its clock runs. */
export async function startLoad(task: LoadTask): Promise<RunningLoad> {
  const child = fork(join(import.meta.dirname, 'load.process.ts'), {
    execArgv: ['--conditions=source'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const started = Promise.withResolvers<number>();
  const finished = Promise.withResolvers<readonly LoadRecord[]>();
  finished.promise.catch(() => undefined); // whoever waits for it is told, though perhaps later
  child.on('message', (message: LoadMessage) => {
    if (message.kind === 'started') started.resolve(message.atEpochMs);
    else finished.resolve(message.records);
  });
  const ended = (why: string): void => {
    const error = new Error(`the load generator ${why}`);
    started.reject(error);
    finished.reject(error);
  };
  child.once('error', (error) => ended(`failed: ${error.message}`));
  child.once('exit', (code, signal) => ended(`ended with ${signal ?? code} before it told its results`));
  child.send(task);
  const release = (): void => {
    if (child.connected) child.disconnect();
  };
  return { startedAtMs: await started.promise, pid: child.pid!, finished: finished.promise, release };
}
