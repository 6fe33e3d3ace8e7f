/**
 * Counters, gauges and histograms in memory, rendered in Prometheus' text format. A metric holds at most 500 label sets; what
 * comes after is counted under `overflow="true"`, so that a wrong label can never exhaust the memory.
 */
import type { MetricName } from './names.ts';

export type Labels = Readonly<Record<string, string | number>>;

const labelSetsMax = 500;
const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function render(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

class LabelSets<T> {
  readonly #sets = new Map<string, { readonly labels: Labels; value: T }>();
  readonly #initial: () => T;
  constructor(initial: () => T) {
    this.#initial = initial;
  }
  of(labels: Labels): { value: T } {
    const known = this.#sets.get(render(labels));
    if (known !== undefined) return known;
    const kept: Labels = this.#sets.size >= labelSetsMax ? { overflow: 'true' } : labels;
    const key = render(kept);
    const set = this.#sets.get(key) ?? { labels: kept, value: this.#initial() };
    this.#sets.set(key, set);
    return set;
  }
  entries(): Iterable<{ readonly labels: Labels; readonly value: T }> {
    return this.#sets.values();
  }
}

interface Metric {
  lines(): string[];
}

export class Counter implements Metric {
  readonly #sets = new LabelSets(() => 0);
  readonly name: MetricName;
  constructor(name: MetricName) {
    this.name = name;
  }
  add(labels: Labels = {}, by = 1): void {
    this.#sets.of(labels).value += by;
  }
  lines(): string[] {
    return [`# TYPE ${this.name} counter`, ...Array.from(this.#sets.entries(), (set) => `${this.name}${render(set.labels)} ${set.value}`)];
  }
}

/** Read when somebody asks, by a function that is cheap and does not throw. */
export class Gauge implements Metric {
  readonly name: MetricName;
  #read: () => readonly { readonly labels: Labels; readonly value: number }[] = () => [];
  constructor(name: MetricName) {
    this.name = name;
  }
  observe(read: () => readonly { readonly labels: Labels; readonly value: number }[]): void {
    this.#read = read;
  }
  lines(): string[] {
    return [`# TYPE ${this.name} gauge`, ...this.#read().map((point) => `${this.name}${render(point.labels)} ${point.value}`)];
  }
}

/** Of seconds. */
export class Histogram implements Metric {
  readonly #sets = new LabelSets(() => ({ counts: secondsBuckets.map(() => 0), sum: 0, count: 0 }));
  readonly name: MetricName;
  constructor(name: MetricName) {
    this.name = name;
  }
  observe(seconds: number, labels: Labels = {}): void {
    const { value } = this.#sets.of(labels);
    const bucket = secondsBuckets.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) value.counts[bucket] = (value.counts[bucket] ?? 0) + 1;
    value.sum += seconds;
    value.count += 1;
  }
  lines(): string[] {
    const lines = [`# TYPE ${this.name} histogram`];
    for (const { labels, value } of this.#sets.entries()) {
      let below = 0;
      secondsBuckets.forEach((bound, i) => {
        below += value.counts[i] ?? 0;
        lines.push(`${this.name}_bucket${render({ ...labels, le: bound })} ${below}`);
      });
      lines.push(`${this.name}_bucket${render({ ...labels, le: '+Inf' })} ${value.count}`);
      lines.push(`${this.name}_sum${render(labels)} ${value.sum}`, `${this.name}_count${render(labels)} ${value.count}`);
    }
    return lines;
  }
}

/** The metrics of one process: the same name is the same metric. */
export class MetricsRegistry {
  readonly #metrics = new Map<MetricName, Metric>();

  counter(name: MetricName): Counter {
    return this.#get(name, Counter);
  }
  gauge(name: MetricName): Gauge {
    return this.#get(name, Gauge);
  }
  histogram(name: MetricName): Histogram {
    return this.#get(name, Histogram);
  }
  /** Prometheus text format 0.0.4. */
  render(): string {
    return `${Array.from(this.#metrics.values(), (metric) => metric.lines().join('\n')).join('\n')}\n`;
  }

  #get<T extends Metric>(name: MetricName, kind: new (name: MetricName) => T): T {
    const known = this.#metrics.get(name);
    if (known instanceof kind) return known;
    if (known !== undefined) throw new Error(`metric ${name} is already of another kind`);
    const metric = new kind(name);
    this.#metrics.set(name, metric);
    return metric;
  }
}

/** The registry that `/metrics` renders. */
export const metrics = new MetricsRegistry();
