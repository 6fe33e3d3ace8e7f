import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient, endLeftovers, processTree, runtimeHome, type PartStatus } from '#embedded-runtime';
import { eventually } from '#test-kit';

const program = fileURLToPath(new URL('runtime.host.ts', import.meta.url));
export const withinMs = 90_000;

/** `runtime.host.ts` as a process: a small system under a real supervisor. */
export class Host {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  #said = '';

  constructor(directory: string, prefix: string, dummy: string) {
    const child = spawn(process.execPath, ['--conditions=source', program, directory, prefix, dummy], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.child = child;
    this.exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  }

  said(): string {
    return this.#said;
  }

  untilSaid(text: string): Promise<true> {
    return eventually(
      () => {
        if (this.#said.includes(text)) return true as const;
        if (this.child.exitCode !== null) throw new Error(`the host ended:\n${this.#said}`);
        return false;
      },
      { withinMs },
    );
  }

  /** Everything that it started, and what that started. */
  async processes(): Promise<readonly number[]> {
    return (await processTree(this.child.pid!)).map(({ pid }) => pid).filter((pid) => pid !== this.child.pid);
  }
}

/** The hosts of one test, one after the other in one home. */
export class RuntimeHosts {
  readonly directory: string;
  readonly control: ControlClient;
  readonly #prefix: string;
  readonly #started: Host[] = [];

  static async inNewHome(prefix: string): Promise<RuntimeHosts> {
    const directory = await mkdtemp(join(tmpdir(), 'evenkeel-runtime-'));
    await chmod(directory, 0o755); // PostgreSQL's user must get in
    return new RuntimeHosts(directory, prefix);
  }

  private constructor(directory: string, prefix: string) {
    this.directory = directory;
    this.#prefix = prefix;
    this.control = new ControlClient(runtimeHome(directory).controlSocket);
  }

  start(dummy: 'sound' | 'broken' | 'child' | 'stubborn' = 'sound'): Host {
    const host = new Host(this.directory, this.#prefix, dummy);
    this.#started.push(host);
    return host;
  }

  async part(name: string): Promise<PartStatus> {
    return (await this.control.status()).parts.find((each) => each.name === name)!;
  }

  async end(): Promise<void> {
    for (const { child, exit } of this.#started) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exit;
    }
    await endLeftovers(runtimeHome(this.directory).run);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Whether a process runs; a zombie, which only waits for its parent to ask, does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
