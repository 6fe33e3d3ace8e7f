import { assert } from '#kernel';
import { DoubtfulAppendError, type Appender, type NewRecord } from '../cluster.port.ts';

/**
 * Many callers, one connection: one append in flight, then everything that queued up meanwhile, together. Each caller
 * is told what became of the batch that its record was in. Bounded: what would wait behind `waitingMax` others is not sent at all.
 */
export class SerialAppender {
  readonly #appender: Appender;
  #waiting: Waiting[] = [];
  #sending = false;
  /** Not yet told what became of them. */
  #pending = 0;
  readonly #waitingMax: number;

  /** @param waitingMax records; callers that hand over a batch at once and await it need room for all of it */
  constructor(appender: Appender, waitingMax = 100_000) {
    this.#appender = appender;
    this.#waitingMax = waitingMax;
  }

  /** @throws DoubtfulAppendError, RefusedAppendError */
  append(topic: string, partition: number, record: NewRecord): Promise<void> {
    if (this.#pending >= this.#waitingMax)
      return Promise.reject(new DoubtfulAppendError(`${this.#pending} records wait to be appended`, { nothingSent: true }));
    this.#pending += 1;
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ topic, partition, record, resolve, reject });
      if (!this.#sending) void this.#send();
    }).finally(() => (this.#pending -= 1));
  }

  async #send(): Promise<void> {
    this.#sending = true;
    await Promise.resolve(); // what is handed over in one turn goes together
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, fitting(this.#waiting));
      await this.#sendAll([...Map.groupBy(taken, ({ topic, partition }) => `${topic}:${partition}`).values()]);
    }
    this.#sending = false;
  }

  async #sendAll(batches: readonly (readonly Waiting[])[]): Promise<void> {
    try {
      const outcomes = await this.#appender.appendEach(
        batches.map((batch) => {
          const { topic, partition } = batch[0]!;
          return { topic, partition, records: batch.map(({ record }) => record) };
        }),
      );
      assert(outcomes.length === batches.length, 'an appender says of every batch what became of it');
      for (const [i, batch] of batches.entries()) for (const waiting of batch) told(waiting, outcomes[i]);
    } catch (error) {
      for (const { reject } of batches.flat()) reject(error);
    }
  }
}

interface Waiting {
  readonly topic: string;
  readonly partition: number;
  readonly record: NewRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function told({ resolve, reject }: Waiting, outcome: unknown): void {
  if (outcome instanceof Error) reject(outcome);
  else resolve();
}

const bytesPerAppendMax = 2_000_000;
const recordsPerAppendMax = 500;

/** How many of the waiting records go into one request: at least one. */
function fitting(waiting: readonly Waiting[]): number {
  let bytes = 0;
  let count = 0;
  for (const { record } of waiting) {
    bytes += record.value?.length ?? 0;
    if (count > 0 && (bytes > bytesPerAppendMax || count >= recordsPerAppendMax)) break;
    count += 1;
  }
  return count;
}
