import type { LogCluster, StoredRecord } from '../cluster.port.ts';

const stalledAfterMs = 30_000;

export interface Stretch {
  readonly topic: string;
  readonly partition: number;
  /** First offset. */
  readonly from: number;
  /** First offset that is not read any more. */
  readonly to: number;
}

/** Reads one stretch of a partition, in order. Fails when for half a minute nothing comes, or as `onBatch` or the reader does. */
export async function readStretch(
  cluster: LogCluster,
  { topic, partition, from, to }: Stretch,
  onBatch: (records: readonly StoredRecord[]) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  if (from >= to) return;
  const over = Promise.withResolvers<void>();
  const stalled = (): void =>
    over.reject(new Error(`${topic}:${partition} could not be read to ${to}: nothing came for ${stalledAfterMs} ms`));
  let timer = setTimeout(stalled, stalledAfterMs);
  const abort = (): void => over.reject(new Error('stopping'));
  signal.addEventListener('abort', abort, { once: true });
  over.promise.catch(() => undefined); // it may fail before it is awaited
  const reader = await cluster.read({
    name: 'read-stretch',
    from: [{ topic, partition, offset: from }],
    onBatch: async (records) => {
      clearTimeout(timer);
      timer = setTimeout(stalled, stalledAfterMs);
      await onBatch(records.filter(({ offset }) => offset < to));
      if (records.at(-1)!.offset >= to - 1) over.resolve();
    },
    onStopped: (error) => over.reject(error),
  });
  try {
    if (signal.aborted) abort();
    await over.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    await reader.close();
  }
}
