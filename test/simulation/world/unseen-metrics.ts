import { Counter, Gauge, Histogram } from '#telemetry';

const shown: readonly [object, string, () => unknown][] = [
  [Gauge.prototype, 'observe', () => () => undefined],
  [Histogram.prototype, 'observe', () => undefined],
  [Counter.prototype, 'add', () => undefined],
];

/**
 * Nobody reads the metrics of a run, so none are kept while it lasts. A process of a run dies without closing anything: each gauge that it has
 * told how to read it would keep its whole world for as long as the thread lives. Returns how to have metrics again.
 */
export function unseenMetrics(): () => void {
  const before = shown.map(([of, name]) => Object.getOwnPropertyDescriptor(of, name));
  for (const [of, name, value] of shown) Object.defineProperty(of, name, { value, configurable: true, writable: true });
  return () =>
    shown.forEach(([of, name], index) => {
      const own = before[index];
      if (own === undefined)
        Reflect.deleteProperty(of, name); // the parent's shows again
      else Object.defineProperty(of, name, own);
    });
}
