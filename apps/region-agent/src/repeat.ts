export interface Repeating {
  /** Resolves when the running step has ended. */
  stop(): Promise<void>;
}

/** Runs `step` again and again, `everyMs` after its last end, until stopped. A failure does not end it and is told once, until it changes or a step succeeds. */
export function repeat(everyMs: number, step: (signal: AbortSignal) => Promise<void>, onError: (error: Error) => void): Repeating {
  const stopping = new AbortController();
  let told: string | undefined;
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await step(stopping.signal);
        told = undefined;
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        if (!stopping.signal.aborted && error.message !== told) onError(error);
        told = error.message;
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
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
