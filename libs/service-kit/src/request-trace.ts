import { attributeNames, inSpan, metricNames, metrics, type OpenSpan, openSpan, spanNames, SpanKind } from '#telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const spans = new WeakMap<object, OpenSpan>();
const requests = metrics.counter(metricNames.httpRequests);
const durations = metrics.histogram(metricNames.httpDuration);

/** Trace id of the request, known from its first hook on. */
export const traceIdOf = (request: FastifyRequest): string | undefined => spans.get(request.raw)?.traceId;

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';
/** Without the query: it may name a customer. */
const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0]!;
const isOwnRoute = (request: FastifyRequest): boolean => request.url.startsWith('/health/') || request.url === '/metrics';

/** One span and one measurement per request; everything inside it sees the span as the active one. */
export function traceRequests(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    if (isOwnRoute(request)) return done();
    const traceparent = request.headers['traceparent'];
    const span = openSpan(spanNames.httpServer(request.method, routeOf(request)), {
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      kind: SpanKind.SERVER,
      attributes: {
        [attributeNames.httpMethod]: request.method,
        [attributeNames.httpRoute]: routeOf(request),
        [attributeNames.urlScheme]: 'http',
        [attributeNames.urlPath]: pathOf(request),
      },
    });
    spans.set(request.raw, span);
    return inSpan(span, done);
  });
  // Reading the body goes on in the socket's context, so the span is made the active one again.
  server.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request.raw);
    if (span === undefined) done();
    else inSpan(span, done);
  });
  server.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request.raw);
    if (span !== undefined) {
      const errorType = reply.statusCode >= 500 ? String(reply.statusCode) : undefined;
      span.end({ errorType, attributes: { [attributeNames.httpStatus]: reply.statusCode } });
      requests.add({ method: request.method, route: routeOf(request), status: reply.statusCode });
      durations.observe(reply.elapsedTime / 1000, { route: routeOf(request) });
    }
    done();
  });
}
