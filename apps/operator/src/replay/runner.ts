import type { Topology } from '#contracts';
import { ApiClient, RefusedError } from './api-client.ts';
import { runInKeyOrder } from './customer-order.ts';
import type { PlannedDocument, ReplayPlan } from './plan.ts';
import { Progress, type ProgressOptions } from './progress.ts';
import { replayDocument, UnexpectedOutcomeError } from './replay-document.ts';
import { stockTheShelves } from './stock-the-shelves.ts';
import { Timings, type TimingSummary } from './timings.ts';

export interface RunOptions {
  readonly topology: Topology;
  /** Of somebody with the roles operator and importer. */
  readonly token: () => Promise<string>;
  readonly concurrencyMax: number;
  /** Documents per second. */
  readonly ratePerSecond?: number | undefined;
  readonly giveUpAfterMs: number;
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
  readonly progress: Omit<ProgressOptions, 'total' | 'unit'>;
}

export interface RunResult {
  /** Documents that were brought to their end now or in an earlier run. */
  readonly documents: number;
  readonly seconds: number;
  readonly documentsPerSecond: number;
  readonly retries: number;
  /** Requests that were refused, orders that came out otherwise: one line each. */
  readonly failures: readonly string[];
  readonly interrupted: boolean;
  readonly timings: Readonly<Record<string, TimingSummary>>;
}

const failuresMax = 1_000;

/**
 * Asks both regions' public API for everything that the plan says. Documents of one customer keep their order. Safe to interrupt
 * and to run again. @throws NoAnswerError when the API gives no clear answer for too long.
 */
export async function runReplay(plan: ReplayPlan, options: RunOptions): Promise<RunResult> {
  const { topology, concurrencyMax, ratePerSecond, signal } = options;
  const timings = new Timings();
  const progress = new Progress({ ...options.progress, total: plan.documents.length, unit: 'documents' });
  const failures: string[] = [];
  const client = new ApiClient({
    token: options.token,
    connectionsMax: concurrencyMax + 4,
    giveUpAfterMs: options.giveUpAfterMs,
    firstPauseMs: options.firstPauseMs,
    signal,
    onRetry: (_path, reason) => progress.retried(reason),
  });
  const ticking = setInterval(() => progress.tick(), options.progress.everyMs);
  let documents = 0;
  const one = async ({ document, number }: { document: PlannedDocument; number: number }): Promise<void> => {
    try {
      await replayDocument(document, number, { client, topology, timings });
      documents += 1;
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof UnexpectedOutcomeError)) throw error;
      if (failures.length < failuresMax) failures.push(`document ${document.documentNo}: ${error.message}`);
    }
    progress.done();
  };
  let startedMs = performance.now();
  try {
    await stockTheShelves(plan, { client, topology, timings });
    startedMs = performance.now();
    const numbered = plan.documents.map((document, i) => ({ document, number: i + 1 }));
    await runInKeyOrder(numbered, { keyOf: ({ document }) => document.customerId, concurrencyMax, ratePerSecond, signal }, one);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(ticking);
    progress.end();
    client.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    documents,
    seconds,
    documentsPerSecond: documents / seconds,
    retries: progress.retries,
    failures,
    interrupted: signal.aborted,
    timings: timings.summary(),
  };
}
