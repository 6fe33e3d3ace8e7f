import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * How much of the cores a process and its threads get while others want them too.
 *
 * Linux's scheduler gives each session an equal share, and a session a nice value of its own; every part is a session (`detached`). See
 * sched(7), "The autogroup feature". It may be raised again without being root, one change in 100 ms for all. Elsewhere nothing is changed.
 */
export type Share = 'little' | 'full';

/** A tenth of what others get. */
const niceOf: Record<Share, number> = { little: 10, full: 0 };
const againAfterMs = 120;
const triesMax = 50;

/** The process has gone, or this system knows no such thing. */
const harmless: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** Resolves when it is so, or when it cannot be. @throws Error when the kernel wants too many tries */
export async function giveShare(pid: number, share: Share): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await writeFile(fileOf(pid), String(niceOf[share]), { flag: 'r+' });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (harmless.has(code)) return;
      if (code !== 'EAGAIN' || tried === triesMax) throw error;
    }
    await pause(againAfterMs);
  }
}

/** Undefined where there are no such shares. */
export async function niceOfShare(pid: number): Promise<number | undefined> {
  const text = await readFile(fileOf(pid), 'utf8').catch(() => '');
  const nice = /nice (-?\d+)/.exec(text)?.[1];
  return nice === undefined ? undefined : Number(nice);
}

const fileOf = (pid: number): string => `/proc/${pid}/autogroup`;
