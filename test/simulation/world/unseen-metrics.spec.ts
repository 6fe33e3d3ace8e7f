import { describe, expect, it, onTestFinished } from 'vitest';
import { metricNames, metrics } from '#telemetry';
import { simulate } from '../run/simulation.ts';
import { unseenMetrics } from './unseen-metrics.ts';

/** The lines of a gauge that every service of a run tells how to read. */
const shown = async (holding = ''): Promise<readonly string[]> =>
  (await metrics.render()).split('\n').filter((line) => line.startsWith(metricNames.shardsOpen) && line.includes(holding));

function observe(value: number): () => void {
  const end = metrics.gauge(metricNames.shardsOpen).observe(() => [{ labels: { service: 'of this spec' }, value }]);
  onTestFinished(end);
  return end;
}

describe('the metrics of a run', () => {
  it('are not kept, whatever its processes show and never end', async () => {
    const before = await shown();
    await simulate({ seed: 1, steps: 60, faults: [] });
    expect(await shown()).toEqual(before);
  });

  it('leave those of the thread as they were', async () => {
    const end = observe(1);
    const seen = unseenMetrics();
    observe(2);
    seen();
    expect(await shown('of this spec')).toEqual([expect.stringMatching(/ 1$/)]);
    end();
    observe(3);
    expect(await shown('of this spec')).toEqual([expect.stringMatching(/ 3$/)]);
  });
});
