import { readFile, writeFile } from 'node:fs/promises';
import { pause } from './backoff.ts';

/**
 * How much of the cores a process and its threads get while others want them too.
 *
 * Linux's scheduler gives each session an equal share, and a session a nice value of its own; every part is a session (`detached`). See
 * sched(7), "The autogroup feature". It may be raised again without being root, one change in 100 ms for all. Elsewhere nothing is changed.
 */
export type Share = 'little' | 'full';

/** A third of what others get. With a tenth, a return under load took about twice as long. */
const niceOf: Record<Share, number> = { little: 5, full: 0 };
const againAfterMs = 120;
const triesMax = 50;

/** Resolves to whether it has that share, also when it never had another one: this system knows no shares, or the process has gone. */
export async function giveShare(pid: number, share: Share, signal: AbortSignal): Promise<boolean> {
  for (let tried = 0; tried < triesMax && !signal.aborted; tried += 1) {
    const nice = await niceOfShare(pid);
    if (nice === undefined || nice === niceOf[share]) return true;
    try {
      await writeFile(fileOf(pid), String(niceOf[share]), { flag: 'r+' });
    } catch (error) {
      // Another session's was changed just before: asked again. Anything else, such as a /proc that may not be written, does not pass.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
      await pause(againAfterMs, signal);
    }
  }
  return (await niceOfShare(pid)) === niceOf[share];
}

/** Undefined where there are no such shares. */
export async function niceOfShare(pid: number): Promise<number | undefined> {
  const text = await readFile(fileOf(pid), 'utf8').catch(() => '');
  const nice = /nice (-?\d+)/.exec(text)?.[1];
  return nice === undefined ? undefined : Number(nice);
}

const fileOf = (pid: number): string => `/proc/${pid}/autogroup`;
