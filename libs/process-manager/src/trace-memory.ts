import { LeastRecentlyUsed } from '#projections';
import type { SettledCommit } from '#shard-log';

const correlationsMax = 20_000;

/**
 * The newest trace of each correlation, from the commits that were read: what follows from an order goes on in the trace that moved
 * it. It lives in memory: what is resumed after a restart, or by another instance, has no trace until the next commit of its
 * correlation. A trace is for people; nothing depends on it.
 */
export class TraceMemory {
  readonly #traceparents = new LeastRecentlyUsed<string>(correlationsMax);

  note(commits: readonly Pick<SettledCommit, 'commit'>[]): void {
    for (const { commit } of commits) if (commit.traceparent !== '') this.#traceparents.set(commit.correlation, commit.traceparent);
  }

  /** W3C trace context, or empty. */
  traceparentOf(correlation: string): string {
    return this.#traceparents.get(correlation) ?? '';
  }
}
