import type { Appender, DoubtfulAppendError, RefusedAppendError } from '../cluster.port.ts';

/** `appendEach` for an appender whose requests cost nothing: each batch by itself, in turn. */
export function oneByOne(append: Appender['append']): Appender['appendEach'] {
  return async (batches) => {
    const outcomes = [];
    for (const { topic, partition, records } of batches)
      outcomes.push(await append(topic, partition, records).catch((error: DoubtfulAppendError | RefusedAppendError) => error));
    return outcomes;
  };
}
