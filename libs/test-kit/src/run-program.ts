import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.ts';

/** The shape of the embedded runtime's `ProgramSpec`, as much of it as a test needs. */
export interface TestProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  prepare(): Promise<void>;
  ready(): Promise<string | undefined>;
}

export interface RunningProgram {
  readonly pid: number;
  /** The last lines that it printed. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** The polite way, then the other one when its time is over. */
  stop(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts one real program for a test and waits until it is ready. It dies with the test's process. */
export async function runProgram(program: TestProgram): Promise<RunningProgram> {
  await program.prepare();
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: program.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(program.user === undefined ? {} : { uid: program.user.uid, gid: program.user.gid }),
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.removeListener('exit', killAtExit));
  const running: RunningProgram = {
    pid: child.pid ?? -1,
    output: () => output,
    signal: (signal) => void child.kill(signal),
    stop: () => end(child, program.stopSignal, program.stopTimeoutMs),
    kill: () => end(child, 'SIGKILL', program.stopTimeoutMs),
  };
  try {
    await eventually(
      async () => {
        if (hasEnded(child)) return true; // it will not become ready
        const missing = await program.ready();
        if (missing !== undefined) throw new Error(`${program.name} is not ready: ${missing}\n${output}`);
        return true;
      },
      { withinMs: program.startTimeoutMs, everyMs: 50 },
    );
    if (hasEnded(child))
      throw new Error(`${program.name} ended with ${child.exitCode ?? child.signalCode} before it was ready:\n${output}`);
  } catch (error) {
    await running.kill();
    throw error;
  }
  return running;
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function end(child: ChildProcess, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.kill(signal);
  await exited;
  clearTimeout(timer);
}
