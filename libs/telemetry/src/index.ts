export { spanNames, attributeNames, metricNames, metricHelp, type MetricName, type SpanName } from './names.ts';
export { startTelemetry, type OtlpReceiver, type Telemetry, type TelemetryOptions } from './start-telemetry.ts';
export {
  openSpan,
  openBatchSpan,
  inSpan,
  withSpan,
  endedWith,
  isRecording,
  linksMax,
  currentTraceparent,
  currentTraceId,
  traceIdIn,
  type SpanOptions,
  type SpanOutcome,
  type SpanNotes,
  type OpenSpan,
} from './tracing.ts';
export { openSendSpan, type SendSpan } from './send-span.ts';
export {
  metrics,
  MetricsRegistry,
  Counter,
  Gauge,
  Histogram,
  ObservedCounter,
  type Labels,
  type Point,
  type ReadPoints,
} from './metrics.ts';
export { SpanKind } from '@opentelemetry/api';
