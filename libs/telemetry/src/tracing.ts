/**
 * OpenTelemetry tracing, W3C propagation only, no auto-instrumentation.
 *
 * Guarantees that a trace id exists inside every `withSpan`, exported or not, so that problems and logs can name it. With no
 * exporter nothing is recorded: a span costs some random bytes. Spans are exported in batches and dropped, never waited for, when
 * the receiver is slow or gone.
 */
import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { parseTraceParent, W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { SpanName } from './names.ts';

export interface TelemetryOptions {
  /** `order-service`, `order-projector`, …: `service.name` of every span. */
  readonly service: string;
  readonly region: string;
  readonly instance: number;
  /** OTLP/HTTP base URL, or undefined: then nothing is recorded. */
  readonly otlpUrl: string | undefined;
}

export interface Telemetry {
  /** Sends what is left, within 2 s, and stops. */
  stop(): Promise<void>;
}

let tracer: Tracer | undefined;

/** Once per process, before the first span. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const propagator = new W3CTraceContextPropagator();
  if (options.otlpUrl === undefined) {
    // Registered for its context manager only (an AsyncLocalStorage): no span is ever asked of it.
    new NodeTracerProvider({ sampler: new AlwaysOffSampler() }).register({ propagator });
    return { stop: () => Promise.resolve() };
  }
  const exporter = new OTLPTraceExporter({
    url: `${options.otlpUrl.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: 2_000,
    concurrencyLimit: 2,
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.namespace': 'evenkeel',
      'service.instance.id': `${options.region}/${options.service}/${options.instance}`,
      'cloud.region': options.region,
    }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: 4_096,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: 2_000,
      }),
    ],
  });
  provider.register({ propagator });
  tracer = provider.getTracer('evenkeel');
  return {
    stop: async () => {
      tracer = undefined;
      await provider.shutdown().catch(() => undefined); // a receiver that is away loses the last spans, and nothing else
    },
  };
}

export interface SpanOptions {
  /** The remote parent; absent or empty: the span that is active here, or a new trace. */
  readonly traceparent?: string | undefined;
  readonly kind?: SpanKind | undefined;
  readonly attributes?: Attributes | undefined;
}

function parentContext(traceparent: string | undefined): Context {
  if (traceparent === undefined || traceparent === '') return context.active();
  const remote = parseTraceParent(traceparent);
  if (remote === null) return context.active(); // not W3C: a new trace begins, as the specification asks
  return trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
}

function freshSpanContext(): SpanContext {
  const ids = randomBytes(24).toString('hex');
  return { traceId: ids.slice(0, 32), spanId: ids.slice(32), traceFlags: 0 };
}

/** A span begun by hand: for code whose end is in another callback. Call `end` exactly once. */
export interface OpenSpan {
  readonly context: Context;
  readonly traceId: string;
  end(outcome?: { readonly error?: Error | undefined; readonly attributes?: Attributes | undefined }): void;
}

export function openSpan(name: SpanName | `${SpanName} ${string}`, options: SpanOptions): OpenSpan {
  const parent = parentContext(options.traceparent);
  if (tracer === undefined) {
    const inherited = trace.getSpanContext(parent);
    const spanContext = inherited !== undefined && isSpanContextValid(inherited) ? inherited : freshSpanContext();
    return { context: trace.setSpanContext(parent, spanContext), traceId: spanContext.traceId, end: () => undefined };
  }
  const span = tracer.startSpan(name, { kind: options.kind ?? SpanKind.INTERNAL, attributes: options.attributes ?? {} }, parent);
  return {
    context: trace.setSpan(parent, span),
    traceId: span.spanContext().traceId,
    end: (outcome) => endSpan(span, outcome?.error, outcome?.attributes),
  };
}

function endSpan(span: Span, error: Error | undefined, attributes: Attributes | undefined): void {
  if (attributes !== undefined) span.setAttributes(attributes);
  if (error !== undefined) {
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end();
}

/** Runs `fn` with the span as the active one. */
export const inSpan = <T>(span: OpenSpan, fn: () => T): T => context.with(span.context, fn);

/** Runs `fn` in a span that ends when its promise does. A failure is recorded and thrown on. */
export async function withSpan<T>(name: SpanName, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
  const span = openSpan(name, options);
  try {
    const result = await context.with(span.context, fn);
    span.end();
    return result;
  } catch (error) {
    span.end({ error: error instanceof Error ? error : new Error(String(error)) });
    throw error;
  }
}

/** W3C traceparent of the active span, to be put in an HTTP or Kafka header; empty outside any span. */
export function currentTraceparent(): string {
  const active = trace.getSpanContext(context.active());
  return active === undefined ? '' : traceparentOf(active);
}

export const currentTraceId = (): string | undefined => trace.getSpanContext(context.active())?.traceId;

const traceparentOf = (span: SpanContext): string => `00-${span.traceId}-${span.spanId}-0${span.traceFlags & 1}`;
