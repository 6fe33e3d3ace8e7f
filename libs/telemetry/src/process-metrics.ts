/** What every process tells of itself. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import type { MetricsRegistry } from './metrics.ts';
import { metricNames } from './names.ts';

/** A timer's worth of work: a process wakes ten times a second for it. Shorter delays of the event loop are of no interest here. */
const resolutionMs = 100;
/** Two readers of one process see the same window. */
const windowMs = 10_000;

/** Returns how to end it. */
export function observeProcess(metrics: MetricsRegistry): () => void {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  let since = performance.now();
  let lagSeconds = 0;
  const lag = (): number => {
    // The histogram holds the whole time between two turns of a timer.
    lagSeconds = delays.count === 0 ? lagSeconds : Math.max(0, delays.percentile(99) / 1e9 - resolutionMs / 1e3);
    if (performance.now() - since >= windowMs) {
      delays.reset();
      since = performance.now();
    }
    return lagSeconds;
  };
  const ends = [
    metrics.observedCounter(metricNames.processCpu).observe(() => {
      const { user, system } = process.cpuUsage();
      return [{ labels: {}, value: (user + system) / 1e6 }];
    }),
    metrics.gauge(metricNames.processMemory).observe(() => [{ labels: {}, value: process.memoryUsage.rss() }]),
    metrics.gauge(metricNames.eventLoopLag).observe(() => [{ labels: {}, value: lag() }]),
  ];
  return () => {
    for (const end of ends) end();
    delays.disable();
  };
}
