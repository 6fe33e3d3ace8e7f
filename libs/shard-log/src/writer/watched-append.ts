import { eventsTopic, shardOf, type Service, type ShardId } from '#contracts';
import { attributeNames, isRecording, metricNames, metrics, openSendSpan, type OpenSpan } from '#telemetry';
import type { DecidedCommit } from './decide-batch.ts';

const appended = metrics.counter(metricNames.commitsAppended);
const appendDuration = metrics.histogram(metricNames.appendDuration);
const doubtful = metrics.counter(metricNames.doubtfulAppends);

/**
 * One append of decided commits, as people see it: what it took, and a span per commit while spans are recorded. A commit's span is a child
 * of its command's, and whatever follows from the commit is a child of it; it ends when the commit was read back.
 */
export class WatchedAppend {
  readonly #labels: { readonly service: Service };
  readonly #commits: readonly DecidedCommit<unknown>[];
  readonly #spans: readonly OpenSpan[];
  readonly #startedMs = performance.now();

  constructor(shard: ShardId, commits: readonly DecidedCommit<unknown>[]) {
    const { service, partition } = shardOf(shard);
    this.#labels = { service };
    this.#commits = commits;
    this.#spans = isRecording() ? commits.map((commit) => spanOf(commit, shard, eventsTopic(service), partition)) : [];
  }

  /** What the commit's record carries. */
  traceparentOf(index: number): string {
    return this.#spans[index]?.traceparent ?? this.#commits[index]!.envelope.traceparent;
  }

  acknowledged(): void {
    appendDuration.observe((performance.now() - this.#startedMs) / 1_000, this.#labels);
  }

  readBack(): void {
    appended.add(this.#labels, this.#commits.length);
    for (const span of this.#spans) span.end();
  }

  /** Of no use, or nobody knows: what was decided is decided anew. */
  failed(errorType: 'doubtful' | 'refused' | 'not-read-back'): void {
    if (errorType === 'doubtful') doubtful.add(this.#labels);
    for (const span of this.#spans) span.end({ errorType });
  }
}

function spanOf({ envelope, seq }: DecidedCommit<unknown>, shard: ShardId, topic: string, partition: number): OpenSpan {
  const type = (envelope.command as { readonly type?: unknown } | null)?.type;
  return openSendSpan({
    topic,
    partition,
    traceparent: envelope.traceparent,
    attributes: {
      [attributeNames.shard]: shard,
      [attributeNames.seq]: seq,
      [attributeNames.commandId]: envelope.commandId,
      [attributeNames.correlation]: envelope.correlation,
      ...(typeof type === 'string' ? { [attributeNames.commandType]: type } : {}),
    },
  });
}
