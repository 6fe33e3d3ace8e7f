/**
 * Spans. A trace id exists inside every `withSpan`, exported or not, so that problems and logs can name it.
 *
 * What follows from an order goes on in its trace, from record to record. Who reads many orders' records at once has one span per batch,
 * in a trace of its own, linked to theirs.
 */
import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { attributeNames, type SpanName } from './names.ts';

/** Of one batch span: enough to find the way from an order, little enough for every receiver. */
export const linksMax = 32;

let tracer: Tracer | undefined;

/** Undefined: nothing is recorded. For `startTelemetry`. */
export function recordWith(recorder: Tracer | undefined): void {
  tracer = recorder;
}

/** Whether spans are sent anywhere: for what is done for them alone. */
export const isRecording = (): boolean => tracer !== undefined;

export interface SpanOptions {
  /** The remote parent; absent or empty: the span that is active here, or a new trace. */
  readonly traceparent?: string | undefined;
  readonly kind?: SpanKind | undefined;
  readonly attributes?: Attributes | undefined;
  /** Milliseconds since the epoch. Default: now. */
  readonly startedAtMs?: number | undefined;
}

function remoteSpan(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined || traceparent === '') return undefined;
  const remote = parseTraceParent(traceparent);
  return remote === null ? undefined : { ...remote, isRemote: true }; // not W3C: as if there were none, as the specification asks
}

function parentContext(traceparent: string | undefined): Context {
  const remote = remoteSpan(traceparent);
  return remote === undefined ? context.active() : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function freshSpanContext(): SpanContext {
  const ids = randomBytes(24).toString('hex');
  return { traceId: ids.slice(0, 32), spanId: ids.slice(32), traceFlags: 0 };
}

/** How a span ended. What has neither error is well. */
export interface SpanOutcome {
  readonly error?: Error | undefined;
  /** It failed, and there is no exception: the value of `error.type`, such as a status. */
  readonly errorType?: string | undefined;
  readonly attributes?: Attributes | undefined;
}

/** A span begun by hand: for code whose end is in another callback. Call `end` exactly once. */
export interface OpenSpan {
  readonly context: Context;
  readonly traceId: string;
  /** W3C, for a header: what follows from it is its child. */
  readonly traceparent: string;
  end(outcome?: SpanOutcome): void;
}

export function openSpan(name: SpanName, options: SpanOptions): OpenSpan {
  const parent = parentContext(options.traceparent);
  if (tracer === undefined) return unrecorded(parent);
  const { kind = SpanKind.INTERNAL, attributes = {}, startedAtMs } = options;
  return recorded(
    tracer.startSpan(name, { kind, attributes, ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }) }, parent),
    parent,
  );
}

/**
 * One span for a batch of records, in a trace of its own, with links to the traces of at most `linksMax` of them. `traceparents` is read only
 * when spans are recorded.
 */
export function openBatchSpan(
  name: SpanName,
  { attributes = {}, traceparents }: { readonly attributes?: Attributes; readonly traceparents: () => Iterable<string> },
): OpenSpan {
  if (tracer === undefined) return unrecorded(ROOT_CONTEXT);
  const { links, traces } = linksOf(traceparents());
  const all = { ...attributes, [attributeNames.tracesInBatch]: traces };
  return recorded(tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes: all, links, root: true }, ROOT_CONTEXT), ROOT_CONTEXT);
}

/** The last record of each trace that was sampled. */
function linksOf(traceparents: Iterable<string>): { readonly links: Link[]; readonly traces: number } {
  const newest = new Map<string, SpanContext>();
  for (const traceparent of traceparents) {
    const span = remoteSpan(traceparent);
    if (span !== undefined && (span.traceFlags & 1) === 1) newest.set(span.traceId, span);
  }
  const links = [...newest.values()].slice(0, linksMax).map((span) => ({ context: span }));
  return { links, traces: newest.size };
}

function unrecorded(parent: Context): OpenSpan {
  const inherited = trace.getSpanContext(parent);
  const spanContext = inherited !== undefined && isSpanContextValid(inherited) ? inherited : freshSpanContext();
  return {
    context: trace.setSpanContext(parent, spanContext),
    traceId: spanContext.traceId,
    traceparent: traceparentOf(spanContext),
    end: () => undefined,
  };
}

function recorded(span: Span, parent: Context): OpenSpan {
  const spanContext = span.spanContext();
  return {
    context: trace.setSpan(parent, span),
    traceId: spanContext.traceId,
    traceparent: traceparentOf(spanContext),
    end: (outcome) => endSpan(span, outcome),
  };
}

function endSpan(span: Span, { error, errorType, attributes }: SpanOutcome = {}): void {
  if (attributes !== undefined) span.setAttributes(attributes);
  if (error !== undefined) {
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  } else if (errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  const type = errorType ?? error?.name;
  if (type !== undefined) span.setAttribute(attributeNames.errorType, type);
  span.end();
}

/** Runs `fn` with the span as the active one. */
export const inSpan = <T>(span: OpenSpan, fn: () => T): T => context.with(span.context, fn);

/** Runs `fn` in a span that ends when its promise does. A failure is recorded and thrown on. */
export async function withSpan<T>(name: SpanName, options: SpanOptions, fn: (span: SpanNotes) => Promise<T>): Promise<T> {
  return endedWith(openSpan(name, options), fn);
}

/** What `withSpan`'s function may say of its span. */
export interface SpanNotes {
  /** What becomes known while it runs. */
  note(outcome: Omit<SpanOutcome, 'error'>): void;
}

/** Runs `fn` in a span that was opened; ends it as `withSpan` does. */
export async function endedWith<T>(span: OpenSpan, fn: (notes: SpanNotes) => Promise<T>): Promise<T> {
  let noted: Omit<SpanOutcome, 'error'> = {};
  try {
    const result = await context.with(span.context, () => fn({ note: (outcome) => (noted = outcome) }));
    span.end(noted);
    return result;
  } catch (error) {
    span.end({ ...noted, error: error instanceof Error ? error : new Error(String(error)) });
    throw error;
  }
}

/** W3C traceparent of the active span, to be put in an HTTP or Kafka header; empty outside any span. */
export function currentTraceparent(): string {
  const active = trace.getSpanContext(context.active());
  return active === undefined ? '' : traceparentOf(active);
}

export const currentTraceId = (): string | undefined => trace.getSpanContext(context.active())?.traceId;

/** The trace id of a W3C traceparent, for a log line; undefined when it is none. */
export const traceIdIn = (traceparent: string): string | undefined => remoteSpan(traceparent)?.traceId;

const traceparentOf = (span: SpanContext): string => `00-${span.traceId}-${span.spanId}-0${span.traceFlags & 1}`;
