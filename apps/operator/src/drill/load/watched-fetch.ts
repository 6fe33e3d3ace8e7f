import type { Attempt, AttemptOutcome } from '../recording.ts';

export interface WatchedFetch {
  /** Hears of every request with this Idempotency-Key, until the function that is returned is called. */
  readonly watch: (key: string, tell: (attempt: Attempt) => void) => () => void;
  readonly restore: () => void;
}

/**
 * Watches the requests that the SDK sends: it uses the global `fetch`, and tells only of whole calls. Nothing is changed but the time
 * of two clock readings.
 */
export function watchFetch(nowMs: () => number): WatchedFetch {
  const original = globalThis.fetch;
  const watchers = new Map<string, (attempt: Attempt) => void>();
  globalThis.fetch = async (input, init) => {
    const key = new Headers(init?.headers).get('idempotency-key');
    const tell = key === null ? undefined : watchers.get(key);
    if (tell === undefined) return original(input, init);
    const startMs = nowMs();
    const host = new URL(input instanceof Request ? input.url : input).hostname;
    const end = (outcome: AttemptOutcome): void => tell({ startMs, endMs: nowMs(), host, outcome });
    try {
      const response = await original(input, init);
      end({ kind: 'answered', status: response.status });
      return response;
    } catch (error) {
      end(init?.signal?.aborted === true ? { kind: 'timeout' } : { kind: 'no-connection', reason: reasonOf(error) });
      throw error;
    }
  };
  return {
    watch: (key, tell) => {
      watchers.set(key, tell);
      return () => watchers.delete(key);
    },
    restore: () => (globalThis.fetch = original),
  };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
