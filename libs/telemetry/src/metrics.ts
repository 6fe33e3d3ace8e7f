/**
 * Counters, gauges and histograms of one process: OpenTelemetry's SDK behind names that are declared once.
 *
 * A metric may be asked for at any time, also before `startTelemetry`; what was counted before it is dropped with it. A metric holds at
 * most 500 label sets; what comes after is counted under `otel_metric_overflow="true"`, so that a wrong label can never exhaust the memory.
 * An `add` or `observe` costs a microsecond or a few; a gauge costs nothing until somebody reads it.
 */
import type { Meter, Observable, ObservableResult } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource, type Resource } from '@opentelemetry/resources';
import { AggregationTemporality, type IMetricReader, InstrumentType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { type MetricName, metricHelp } from './names.ts';

export type Labels = Readonly<Record<string, string | number>>;
export interface Point {
  readonly labels: Labels;
  readonly value: number;
}
/** Asked at each scrape and export: cheap, and does not throw. */
export type ReadPoints = () => readonly Point[];

const labelSetsMax = 500;
/** Seconds. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const unitOf = (name: MetricName): string => (name.includes('_seconds') ? 's' : name.endsWith('_bytes') ? 'By' : '');
const optionsOf = (name: MetricName): { description: string; unit: string } => ({ description: metricHelp[name], unit: unitOf(name) });

interface Bound {
  bind(meter: Meter): void;
}

export class Counter implements Bound {
  readonly #name: MetricName;
  #counter: ReturnType<Meter['createCounter']> | undefined;
  constructor(name: MetricName) {
    this.#name = name;
  }
  bind(meter: Meter): void {
    this.#counter = meter.createCounter(this.#name, optionsOf(this.#name));
  }
  add(labels: Labels = {}, by = 1): void {
    this.#counter?.add(by, labels);
  }
}

/** Of seconds. */
export class Histogram implements Bound {
  readonly #name: MetricName;
  #histogram: ReturnType<Meter['createHistogram']> | undefined;
  constructor(name: MetricName) {
    this.#name = name;
  }
  bind(meter: Meter): void {
    const advice = { explicitBucketBoundaries: durationBuckets };
    this.#histogram = meter.createHistogram(this.#name, { ...optionsOf(this.#name), advice });
  }
  observe(seconds: number, labels: Labels = {}): void {
    this.#histogram?.record(seconds, labels);
  }
}

/** Read when somebody asks, from everybody who told how: two parts of a process may give points of one metric, under other labels. */
abstract class Observed implements Bound {
  protected readonly name: MetricName;
  readonly #reads = new Set<ReadPoints>();
  constructor(name: MetricName) {
    this.name = name;
  }
  bind(meter: Meter): void {
    this.create(meter).addCallback((result) => this.#read(result));
  }
  /** Returns how to end it. */
  observe(read: ReadPoints): () => void {
    this.#reads.add(read);
    return () => void this.#reads.delete(read);
  }
  protected abstract create(meter: Meter): Observable;
  #read(result: ObservableResult): void {
    for (const read of this.#reads) for (const { labels, value } of read()) result.observe(value, labels);
  }
}

export class Gauge extends Observed {
  protected override create(meter: Meter): Observable {
    return meter.createObservableGauge(this.name, optionsOf(this.name));
  }
}

/** Counted elsewhere, such as by the operating system: what is read never falls. */
export class ObservedCounter extends Observed {
  protected override create(meter: Meter): Observable {
    return meter.createObservableCounter(this.name, optionsOf(this.name));
  }
}

/**
 * Counts since the start; but of a gauge only what is observed now. The SDK would repeat what a part of the process told once for ever, such
 * as the lag of a projector that this instance leads no more.
 */
export const temporalityOf = (instrument: InstrumentType): AggregationTemporality =>
  instrument === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;

/** Collects when it is asked. */
class ScrapeReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: temporalityOf });
  }
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** The metrics of one process: the same name is the same metric. */
export class MetricsRegistry {
  readonly #metrics = new Map<MetricName, Bound>();
  // Without the `target_info` and scope labels: who is scraped is in the scrape's own labels.
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  #provider!: MeterProvider;
  #meter!: Meter;
  #reader!: ScrapeReader;

  constructor() {
    this.#provide(emptyResource(), []);
  }

  counter(name: MetricName): Counter {
    return this.#get(name, Counter);
  }
  gauge(name: MetricName): Gauge {
    return this.#get(name, Gauge);
  }
  observedCounter(name: MetricName): ObservedCounter {
    return this.#get(name, ObservedCounter);
  }
  histogram(name: MetricName): Histogram {
    return this.#get(name, Histogram);
  }

  /** Prometheus text format 0.0.4. */
  async render(): Promise<string> {
    const { resourceMetrics } = await this.#reader.collect();
    return this.#serializer.serialize(resourceMetrics);
  }

  /** From here on, counting from 0: `exporters` get what `/metrics` shows. Returns how to send what is left, and stop. */
  start(resource: Resource, exporters: readonly IMetricReader[]): () => Promise<void> {
    const provider = this.#provide(resource, exporters);
    return async () => {
      if (this.#provider === provider) this.#provide(emptyResource(), []);
      await provider.shutdown();
    };
  }

  #provide(resource: Resource, exporters: readonly IMetricReader[]): MeterProvider {
    this.#reader = new ScrapeReader();
    this.#provider = new MeterProvider({
      resource,
      readers: [this.#reader, ...exporters],
      views: [{ instrumentName: '*', aggregationCardinalityLimit: labelSetsMax }],
    });
    this.#meter = this.#provider.getMeter('evenkeel');
    for (const metric of this.#metrics.values()) metric.bind(this.#meter);
    return this.#provider;
  }

  #get<T extends Bound>(name: MetricName, kind: new (name: MetricName) => T): T {
    const known = this.#metrics.get(name);
    if (known instanceof kind) return known;
    if (known !== undefined) throw new Error(`metric ${name} is already of another kind`);
    const metric = new kind(name);
    metric.bind(this.#meter);
    this.#metrics.set(name, metric);
    return metric;
  }
}

/** The registry that `/metrics` renders. */
export const metrics = new MetricsRegistry();
