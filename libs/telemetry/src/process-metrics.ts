/** What every process tells of itself. */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { MetricsRegistry } from './metrics.ts';
import { metricNames } from './names.ts';

/** Costs nothing until somebody reads it. Returns how to end it. */
export function observeProcess(metrics: MetricsRegistry): () => void {
  const ends = [
    metrics.observedCounter(metricNames.processCpu).observe(() => {
      const { user, system } = process.cpuUsage();
      return [{ labels: {}, value: (user + system) / 1e6 }];
    }),
    metrics.gauge(metricNames.processMemory).observe(() => [{ labels: {}, value: process.memoryUsage.rss() }]),
    metrics
      .observedCounter(metricNames.eventLoopActive)
      .observe(() => [{ labels: {}, value: performance.eventLoopUtilization().active / 1e3 }]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
