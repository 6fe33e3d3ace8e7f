export { spanNames, attributeNames, metricNames, type SpanName, type MetricName } from './names.ts';
export {
  startTelemetry,
  openSpan,
  inSpan,
  withSpan,
  currentTraceparent,
  currentTraceId,
  type Telemetry,
  type TelemetryOptions,
  type SpanOptions,
  type OpenSpan,
} from './tracing.ts';
export { metrics, MetricsRegistry, Counter, Gauge, Histogram, type Labels } from './metrics.ts';
export { SpanKind } from '@opentelemetry/api';
