import { assert } from '#kernel';
import { DoubtfulAppendError, RefusedAppendError, type Appender } from '../cluster.port.ts';

/** `appendEach` for an appender whose requests cost nothing: each batch by itself, in turn. */
export function oneByOne(append: Appender['append']): Appender['appendEach'] {
  return async (batches) => {
    assert(
      new Set(batches.map(({ topic, partition }) => `${topic}:${partition}`)).size === batches.length,
      'a partition has one batch at a time',
    );
    const outcomes = [];
    for (const { topic, partition, records } of batches)
      outcomes.push(
        await append(topic, partition, records).catch((error: unknown) => {
          if (error instanceof DoubtfulAppendError || error instanceof RefusedAppendError) return error;
          throw error;
        }),
      );
    return outcomes;
  };
}
