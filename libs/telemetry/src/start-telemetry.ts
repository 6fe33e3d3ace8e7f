/**
 * Sets OpenTelemetry up for one process: W3C propagation, no auto-instrumentation, `/metrics` always, OTLP when there is a receiver.
 *
 * With no receiver nothing of traces is recorded: a span costs some random bytes. Spans and metrics are exported in batches and dropped,
 * never waited for, when the receiver is slow or gone. A trace whose beginning came from outside is recorded if its caller says so.
 */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { type AggregationTemporality, type InstrumentType, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { metrics, temporalityOf } from './metrics.ts';
import { observeProcess } from './process-metrics.ts';
import { linksMax, recordWith } from './tracing.ts';

export interface TelemetryOptions {
  /** `order-service`, `order-projector`, …: `service.name` of everything that is sent. */
  readonly service: string;
  readonly region: string;
  readonly instance: number;
  /** Undefined: nothing is sent, and no span is recorded. */
  readonly otlp: OtlpReceiver | undefined;
}

export interface OtlpReceiver {
  /** Base URL, OTLP over HTTP. */
  readonly otlpUrl: string;
  /** Of the traces that begin in this process, this share is recorded: 0 to 1. */
  readonly traceRatio: number;
}

export interface Telemetry {
  /** Sends what is left, within 2 s, and stops. */
  stop(): Promise<void>;
}

const exportTimeoutMs = 2_000;
const metricsEveryMs = 10_000;

/** Once per process, before the first span. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': options.service,
    'service.namespace': 'evenkeel',
    'service.instance.id': `${options.region}/${options.service}/${options.instance}`,
    'cloud.region': options.region,
  });
  const receiver = options.otlp && { ...options.otlp, otlpUrl: options.otlp.otlpUrl.replace(/\/$/, '') };
  const senders = [startTraces(receiver, resource), startMetrics(receiver, resource)];
  const forgetProcess = observeProcess(metrics);
  return {
    stop: async () => {
      // A receiver that is away loses the last of them, and nothing else.
      await Promise.allSettled(senders.map((send) => send()));
      forgetProcess();
    },
  };
}

class MetricExporter extends OTLPMetricExporter {
  override selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return temporalityOf(instrument);
  }
}

function startMetrics(receiver: OtlpReceiver | undefined, resource: Resource): () => Promise<void> {
  if (receiver === undefined) return metrics.start(resource, []);
  const { otlpUrl } = receiver;
  const exporter = new MetricExporter({ url: `${otlpUrl}/v1/metrics`, timeoutMillis: exportTimeoutMs, concurrencyLimit: 1 });
  return metrics.start(resource, [
    new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: metricsEveryMs, exportTimeoutMillis: exportTimeoutMs }),
  ]);
}

/** A share of all traces; and every batch that is linked to a recorded one, for its links are sampled traces alone. */
class RootSampler implements Sampler {
  readonly #share: TraceIdRatioBasedSampler;
  constructor(traceRatio: number) {
    this.#share = new TraceIdRatioBasedSampler(traceRatio);
  }
  shouldSample(...[context, traceId, , , , links]: Parameters<Sampler['shouldSample']>): SamplingResult {
    return links.length > 0 ? { decision: SamplingDecision.RECORD_AND_SAMPLED } : this.#share.shouldSample(context, traceId);
  }
}

function startTraces(receiver: OtlpReceiver | undefined, resource: Resource): () => Promise<void> {
  const propagator = new W3CTraceContextPropagator();
  if (receiver === undefined) {
    // Registered for its context manager only (an AsyncLocalStorage): no span is ever asked of it.
    new NodeTracerProvider({ sampler: new AlwaysOffSampler() }).register({ propagator });
    return () => Promise.resolve();
  }
  const { otlpUrl, traceRatio } = receiver;
  const exporter = new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces`, timeoutMillis: exportTimeoutMs, concurrencyLimit: 2 });
  const provider = new NodeTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new RootSampler(traceRatio) }),
    spanLimits: { linkCountLimit: linksMax },
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: 4_096,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  provider.register({ propagator });
  recordWith(provider.getTracer('evenkeel'));
  return async () => {
    recordWith(undefined);
    await provider.shutdown();
  };
}
