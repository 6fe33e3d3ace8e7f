import { setTimeout as sleep } from 'node:timers/promises';

export interface Repeating {
  /** Resolves when the running step has ended. */
  stop(): Promise<void>;
}

/** Runs `step` again and again, `everyMs` after its last end, until stopped. Failures are told and do not end it. */
export function repeat(everyMs: number, step: (signal: AbortSignal) => Promise<void>, onError: (error: Error) => void): Repeating {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await step(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted) onError(error instanceof Error ? error : new Error(String(error)));
      }
      await pause(everyMs, stopping.signal);
    }
  };
  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Waits, or less long when the signal fires. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
