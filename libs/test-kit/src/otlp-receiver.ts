import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const attributesSchema = z
  .array(
    z.object({
      key: z.string(),
      value: z.object({ stringValue: z.string(), intValue: z.coerce.number(), doubleValue: z.number() }).partial(),
    }),
  )
  .default([])
  .transform((attributes) =>
    Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue])),
  );

/** `ExportTraceServiceRequest` of OTLP as JSON, as far as tests look at it. */
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().default(''),
              name: z.string(),
              kind: z.int(),
              attributes: attributesSchema,
              links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export interface ReceivedSpan {
  readonly service: string;
  readonly region: string;
  readonly name: string;
  readonly kind: (typeof kinds)[number];
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of its trace. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface OtlpReceiver {
  /** Everything that has come so far. */
  readonly spans: readonly ReceivedSpan[];
  /** Names of the metrics that have come so far, by service. */
  readonly metrics: ReadonlyMap<string, ReadonlySet<string>>;
  stop(): Promise<void>;
}

/** A receiver of traces and metrics by OTLP over HTTP, as JSON. @throws when something listens there already */
export async function startOtlpReceiver({ host, port }: { readonly host: string; readonly port: number }): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics = new Map<string, Set<string>>();
  const server = createServer((request, response) => {
    void (async () => {
      const isZipped = request.headers['content-encoding'] === 'gzip';
      const body = isZipped ? gunzipSync(Buffer.concat(await request.toArray())).toString('utf8') : await text(request);
      if (request.url === '/v1/traces') spans.push(...spansIn(body));
      else if (request.url === '/v1/metrics') noteMetrics(body, metrics);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    })().catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));
  return {
    spans,
    metrics,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const spansIn = (body: string): ReceivedSpan[] =>
  exportSchema.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(({ kind, ...span }) => ({
        ...span,
        kind: kinds[kind] ?? 'unspecified',
        service: String(resource.attributes['service.name']),
        region: String(resource.attributes['cloud.region']),
      })),
    ),
  );

const metricsSchema = z.object({
  resourceMetrics: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeMetrics: z.array(z.object({ metrics: z.array(z.object({ name: z.string() })) })),
    }),
  ),
});

function noteMetrics(body: string, by: Map<string, Set<string>>): void {
  for (const { resource, scopeMetrics } of metricsSchema.parse(JSON.parse(body)).resourceMetrics) {
    const service = String(resource.attributes['service.name']);
    const names = by.get(service) ?? new Set<string>();
    by.set(service, names);
    for (const scope of scopeMetrics) for (const { name } of scope.metrics) names.add(name);
  }
}
