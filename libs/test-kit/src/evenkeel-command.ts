import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { z } from 'zod';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is under way: a long one that something is to happen to meanwhile. */
export interface RunningCommand {
  readonly finished: Promise<CommandResult>;
  /** What it has printed so far. */
  output(): string;
  kill(): void;
}

const outputMax = 200_000;

/** The `evenkeel` command line as built, used from outside: a process per command, on the runtime of one home. */
export class EvenkeelCommand {
  readonly home: string;
  readonly #projectRoot: string;

  constructor(options: { readonly home: string; readonly projectRoot: string }) {
    this.home = options.home;
    this.#projectRoot = options.projectRoot;
  }

  /** Resolves with whatever exit code; killed when its time is over, and rejects then. */
  async run(args: readonly string[], timeoutMs = 60_000): Promise<CommandResult> {
    const running = this.start(args);
    const timer = setTimeout(() => running.kill(), timeoutMs);
    const result = await running.finished;
    clearTimeout(timer);
    if (result.exitCode < 0) throw new Error(`evenkeel ${args.join(' ')} was killed after ${timeoutMs} ms:\n${tail(result)}`);
    return result;
  }

  /** @throws Error with what it printed, when its exit code is not 0 */
  async succeed(args: readonly string[], timeoutMs = 60_000): Promise<CommandResult> {
    const result = await this.run(args, timeoutMs);
    if (result.exitCode !== 0) throw new Error(`evenkeel ${args.join(' ')} ended with ${result.exitCode}:\n${tail(result)}`);
    return result;
  }

  /** With `--json`, checked against a schema. */
  async json<T extends z.ZodType>(args: readonly string[], schema: T, timeoutMs = 60_000): Promise<z.output<T>> {
    const { stdout } = await this.succeed([...args, '--json'], timeoutMs);
    return schema.parse(JSON.parse(stdout));
  }

  start(args: readonly string[]): RunningCommand {
    const main = join(this.#projectRoot, 'dist', 'apps', 'operator', 'src', 'main.js');
    const child = spawn(process.execPath, [main, ...args], {
      cwd: this.#projectRoot,
      env: { ...environment(), EVENKEEL_HOME: this.home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout = (stdout + chunk.toString()).slice(-outputMax)));
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-outputMax)));
    const killAtExit = (): boolean => child.kill('SIGKILL');
    process.once('exit', killAtExit);
    const finished = new Promise<CommandResult>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        process.removeListener('exit', killAtExit);
        resolve({ exitCode: code ?? -1, stdout, stderr });
      });
    });
    return { finished, output: () => `${stdout}\n${stderr}`, kill: () => void child.kill('SIGKILL') };
  }
}

const tail = ({ stdout, stderr }: CommandResult): string => `${stdout}\n${stderr}`.trim().slice(-4_000);

/** Without what the test runner puts there for itself. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)));
