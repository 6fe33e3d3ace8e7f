import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NotRunningError, runtimeHome, tailOf, type RuntimeStatus } from '#embedded-runtime';
import { runtime } from '../terminal/home.ts';
import type { Answer } from '../terminal/verb.ts';

/** Longer than any start may take: parts have their own limits, and a first one may install programs. */
const readyTimeoutMs = 15 * 60_000;
const pollMs = 300;
const tailBytes = 4000;

/** Starts `up` as a process of its own, and answers when it is ready. @throws Error with the end of its log when it ends before */
export async function runDetached(args: readonly string[]): Promise<Answer> {
  const home = runtimeHome();
  mkdirSync(home.root, { recursive: true });
  const log = join(home.root, 'runtime.log');
  const output = openSync(log, 'w');
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `ended with ${signal ?? code}`));
  const deadline = performance.now() + readyTimeoutMs;
  for (;;) {
    const status = await ownStatus(child.pid);
    if (status?.phase === 'ready') {
      child.unref();
      return {
        value: status,
        text: `ready after ${((status.readyAfterMs ?? 0) / 1000).toFixed(1)} s (pid ${status.pid}); its messages are in ${log}`,
      };
    }
    if (ended !== undefined) throw new Error(`the runtime ${ended}:\n${await tailOf(log, tailBytes)}`);
    if (performance.now() > deadline)
      throw new Error(`the runtime (pid ${child.pid}) is not ready after ${readyTimeoutMs / 1000} s; its messages are in ${log}`);
    await wait(pollMs);
  }
}

async function ownStatus(pid: number | undefined): Promise<RuntimeStatus | undefined> {
  try {
    const status = await runtime().status();
    return status.pid === pid ? status : undefined;
  } catch (error) {
    if (error instanceof NotRunningError) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return undefined; // it is just ending: the end of its log says why
    throw error;
  }
}
