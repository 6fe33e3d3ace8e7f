import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SeedAnswer, SeedJob } from './seed-job.ts';

export interface PoolOptions {
  /** The module that each thread imports: a `SimulatedWorld`. */
  readonly world: URL;
  readonly threads: number;
  /** A job that takes longer has no end: its thread is ended and another one begun. */
  readonly endsWithinMs: (job: SeedJob) => number;
  /** Ends all threads; jobs under way are given up. */
  readonly signal: AbortSignal;
}

/** Far above what any takes; on a machine that is starved a run was seen to take minutes. */
export const farTooLongMs: PoolOptions['endsWithinMs'] = (job) => (job.kind === 'run' ? 1_200_000 : 7_200_000);

/** The answer to a job that took too long. */
export const noEnd = { kind: 'no end' } as const;

/**
 * Has all jobs answered, each by whichever thread is free; jobs are drawn when a thread asks for one, so that the sequence may depend on
 * the answers so far. A thread gets one job at a time: a run takes so long that handing it over costs nothing beside it. @throws what a
 * thread died of, after the others were ended
 */
export async function workThrough(
  jobs: Iterator<SeedJob>,
  onAnswer: (job: SeedJob, answer: SeedAnswer | typeof noEnd) => void,
  options: PoolOptions,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const lanes = Array.from({ length: options.threads }, () =>
    lane(jobs, onAnswer, { ...options, signal }).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  await Promise.all(lanes);
}

async function lane(
  jobs: Iterator<SeedJob>,
  onAnswer: (job: SeedJob, answer: SeedAnswer | typeof noEnd) => void,
  { world, endsWithinMs, signal }: PoolOptions,
): Promise<void> {
  let thread: Worker | undefined;
  try {
    while (!signal.aborted) {
      const next = jobs.next();
      if (next.done === true) return;
      thread ??= startThread(world);
      const answer = await answerOf(thread, next.value, endsWithinMs(next.value), signal);
      if (answer === undefined) return;
      if (answer.kind === 'no end') {
        await thread.terminate();
        thread = undefined;
      }
      onAnswer(next.value, answer);
    }
  } finally {
    await thread?.terminate();
  }
}

// The pool's own flags may be those of a test runner.
const startThread = (world: URL): Worker =>
  new Worker(new URL('seed.worker.ts', import.meta.url), {
    workerData: { world: world.href },
    resourceLimits: { maxYoungGenerationSizeMb: 192 }, // a run leaves much garbage that dies young: a tenth of its time
    execArgv: ['--conditions=source', '--disable-warning=TimeoutNegativeWarning'],
  });

/** Undefined: the pool was ended meanwhile. */
async function answerOf(
  thread: Worker,
  job: SeedJob,
  endsWithinMs: number,
  signal: AbortSignal,
): Promise<SeedAnswer | typeof noEnd | undefined> {
  const late = AbortSignal.timeout(endsWithinMs);
  try {
    const answer = once(thread, 'message', { signal: AbortSignal.any([signal, late]) });
    thread.postMessage(job, []);
    return ((await answer) as [SeedAnswer])[0];
  } catch (error) {
    if (signal.aborted) return undefined;
    if (late.aborted) return noEnd;
    throw error;
  }
}
