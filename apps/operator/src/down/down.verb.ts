import type { Command } from 'commander';
import { setTimeout as wait } from 'node:timers/promises';
import { endLeftovers, isAlive, NotRunningError, runningSupervisor, runtimeHome } from '#embedded-runtime';
import { runtime } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';

const stopTimeoutMs = 120_000;
const pollMs = 200;

export function downVerb(): Command {
  return verb('down', 'stop everything; data stays').action((options: CommonOptions) => answerWith(options, down));
}

/** Asks the runtime to stop and waits until its process is gone; then ends what an earlier one, killed, may have left running. */
async function down(): Promise<Answer> {
  const { run } = runtimeHome();
  const supervisor = await stopRuntime();
  const left = await endLeftovers(run);
  const stopped = supervisor === undefined ? 'nothing was running' : `stopped (pid ${supervisor})`;
  const ended = left.map(({ name, pid }) => `${name} (pid ${pid}) was left over from an earlier run: ended`);
  return {
    value: { stopped: supervisor ?? null, leftovers: left },
    text: [supervisor === undefined && left.length > 0 ? '' : stopped, ...ended].filter(Boolean).join('\n'),
  };
}

/** Resolves with the pid of the runtime that was stopped, when its process is gone; undefined: none ran. */
export async function stopRuntime(): Promise<number | undefined> {
  const { run } = runtimeHome();
  const supervisor = await runningSupervisor(run);
  if (supervisor !== undefined) {
    await askToStop(supervisor.pid);
    const deadline = performance.now() + stopTimeoutMs;
    // Its record is gone a moment earlier.
    while (await isAlive(supervisor)) {
      if (performance.now() > deadline)
        throw new Error(`the runtime (pid ${supervisor.pid}) has not stopped after ${stopTimeoutMs / 1000} s`);
      await wait(pollMs);
    }
  }
  return supervisor?.pid;
}

/** Before the control socket listens, a signal says the same. */
async function askToStop(pid: number): Promise<void> {
  try {
    await runtime().shutdown();
  } catch (error) {
    if (!(error instanceof NotRunningError)) throw error;
    process.kill(pid, 'SIGTERM');
  }
}
