import { setTimeout as delay } from 'node:timers/promises';
import { topicIn } from '#contracts';
import { percentiles, type Percentiles } from '../../../apps/operator/src/drill/measures/percentiles.ts';
import type { BenchSystem } from '../bench-system.ts';

/**
 * How long after it was sent a record of one region can be read in the other: the raw MirrorMaker delay, broker to broker. What is
 * looked at are the beats that each agent appends to its own `receipts` log every half second anyway, so nothing is added to the system
 * but one reader of its mirror in each region. Their time is the one at which their append began. Both clocks are this machine's.
 */
export async function mirrorVisibility(
  { clusters, regions }: BenchSystem,
  seconds: number,
): Promise<{ readonly visibleMs: Percentiles | undefined }> {
  const seen: number[] = [];
  const stopped: Error[] = [];
  const readers = await Promise.all(
    regions.flatMap((here) =>
      regions
        .filter((origin) => origin !== here)
        .map((origin) =>
          clusters.get(here)!.read({
            name: 'bench-mirror-visibility',
            from: [{ topic: topicIn(here, origin, 'receipts'), partition: 0, offset: 'end' }],
            restMs: () => 0,
            onBatch: (records) => {
              for (const { timestampMs } of records) seen.push(Date.now() - timestampMs);
              return Promise.resolve();
            },
            onStopped: (error) => stopped.push(error),
          }),
        ),
    ),
  );
  try {
    await delay(seconds * 1000);
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
  if (stopped.length > 0) throw new AggregateError(stopped, 'a mirror could not be read');
  return { visibleMs: percentiles(seen) };
}
