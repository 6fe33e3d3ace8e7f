import type { EmbeddedRuntime } from './embedded-runtime.ts';

export interface ForegroundOptions {
  readonly report: (line: string) => void;
  /** Once everything is ready; the runtime is stopped when it rejects. */
  onReady(): Promise<void>;
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes a Ctrl-C on to a process that the terminal has told already: a second one so soon is the same. */
const sameSignalMs = 1500;

/**
 * Starts the runtime and keeps it until a signal, a shutdown through its control socket, or a failure; then stops it. Resolves with
 * the exit code once nothing of it is left: 0 when it was ready, 1 otherwise. Never throws.
 */
export async function runForeground(runtime: EmbeddedRuntime, { report, onReady }: ForegroundOptions): Promise<number> {
  const asked = new AbortController();
  const release = listenToSignals(asked, report);
  const shutdown = runtime.shutdownAsked.then(() => asked.abort());
  const askedToStop = new Promise<void>((resolve) => asked.signal.addEventListener('abort', () => resolve(), { once: true }));
  let code = 1;
  try {
    // Whatever comes first: a start that is interrupted rejects while it is stopped below.
    const started = runtime.start().then(async () => {
      await onReady();
      code = 0;
      await Promise.race([askedToStop, shutdown]);
    });
    await Promise.race([started, askedToStop]);
    started.catch(() => undefined); // it was asked to stop: what the start says now is of no interest
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
  }
  try {
    if (asked.signal.aborted) report('stopping');
    await runtime.stop();
  } catch (error) {
    report(`could not stop everything: ${error instanceof Error ? error.message : String(error)}`);
    code = 1;
  }
  release();
  return code;
}

/** The first signal stops in order; a later one, when a person has lost patience, changes nothing but says what is going on. */
function listenToSignals(asked: AbortController, report: (line: string) => void): () => void {
  let firstAtMs: number | undefined;
  const onSignal = (): void => {
    if (firstAtMs !== undefined && performance.now() - firstAtMs > sameSignalMs)
      report('still stopping: every part has a bounded time, then it is killed');
    firstAtMs ??= performance.now();
    asked.abort();
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return () => stopSignals.forEach((signal) => process.off(signal, onSignal));
}
