/**
 * Nest on Fastify, as every Evenkeel program with HTTP runs it: problems for all errors, a span and a measurement per request,
 * health and metrics routes, a caller on every route that is not `@Public()`.
 *
 * Limits: bodies of `bodyLimitBytes`, headers of 16 KiB, 30 s to receive a request; no proxy header is trusted.
 */
import 'reflect-metadata';
import type { Socket } from 'node:net';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { problemKinds, problemTypeOf } from '#contracts';
import { metrics } from '#telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { CallerGuard } from './caller.guard.ts';
import { type HealthRegistry, serveHealth } from './health.ts';
import type { CallerVerifier } from './identity.ts';
import type { Stop } from './lifecycle.ts';
import { nestLogger } from './logger.ts';
import { problem, problemContentType } from './problem.ts';
import { ProblemFilter, sendProblem } from './problem.filter.ts';
import { traceRequests } from './request-trace.ts';

export interface ServiceAppOptions {
  readonly log: Logger;
  readonly health: HealthRegistry;
  /** Undefined: a program without callers (a projector, an agent inside its region). */
  readonly verifier: CallerVerifier | undefined;
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** `raw`: every body is a Buffer, for a program that passes bodies on. Default `json`. */
  readonly bodies?: 'json' | 'raw';
  /** Undefined: browsers let only pages of the same origin call it. */
  readonly crossOrigin?: CrossOrigin;
}

/**
 * What pages of any origin may send and read (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol). Never with cookies: who calls is said by
 * the token in each request, so a page that has none learns what anybody who reaches the address may know (health and metrics too).
 */
export interface CrossOrigin {
  readonly methods: readonly string[];
  readonly requestHeaders: readonly string[];
  readonly answerHeaders: readonly string[];
}

/** How long a browser need not ask again what it may send. Two hours is the longest that any keeps. */
const crossOriginAnswerSeconds = 7_200;

export const bodyLimitBytesDefault = 1024 * 1024;

function problemOfBrokenRequest(error: { readonly code?: string }, socket: Socket): void {
  const code =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers-too-large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request-timeout'
        : 'malformed-request';
  const { status, title } = problemKinds[code];
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy(error as Error);
  const body = JSON.stringify({ type: problemTypeOf(code), title, status, code });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: ${problemContentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function adapterFor(options: ServiceAppOptions): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: false,
    bodyLimit: options.bodyLimitBytes ?? bodyLimitBytesDefault,
    connectionTimeout: 0, // requestTimeout and the socket's keep-alive bound it
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000, // longer than any client of ours keeps an idle connection: the client closes first
    maxRequestsPerSocket: 0,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, connectionsCheckingInterval: 5_000 },
    logger: false,
    genReqId: () => '',
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: false, caseSensitive: true },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: problemOfBrokenRequest,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => sendProblem(error, request, reply, options.log),
  });
}

function parseBodies(server: FastifyInstance, bodies: 'json' | 'raw'): void {
  server.removeAllContentTypeParsers();
  if (bodies === 'raw') {
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    return;
  }
  // Fastify's own parser (keys like __proto__ are refused), its errors told apart here: Nest makes all of them a plain 400.
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    void parse(request, body, (cause, value) =>
      cause === null ? done(null, value) : done(problem('malformed-json', { detail: cause.message, cause })),
    );
  });
}

/** Ready to `listenOn`; nothing listens yet. */
export async function createServiceApp(module: Type | DynamicModule, options: ServiceAppOptions): Promise<NestFastifyApplication> {
  const adapter = adapterFor(options);
  const server = adapter.getInstance<FastifyInstance>();
  parseBodies(server, options.bodies ?? 'json');
  traceRequests(server);
  serveHealth(server, options.health);
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await metrics.render()),
  );
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(options.log),
    bodyParser: false,
    abortOnError: false,
  });
  if (options.crossOrigin !== undefined) {
    const { methods, requestHeaders, answerHeaders } = options.crossOrigin;
    app.enableCors({
      origin: '*',
      credentials: false,
      methods: [...methods],
      allowedHeaders: [...requestHeaders],
      exposedHeaders: [...answerHeaders],
      maxAge: crossOriginAnswerSeconds,
    });
  }
  app.useGlobalFilters(new ProblemFilter(options.log));
  if (options.verifier !== undefined) app.useGlobalGuards(new CallerGuard(options.verifier));
  await app.init();
  await server.ready();
  return app;
}

/** Listens, and answers how to stop: no new connections, running requests are finished. */
export async function listenOn(app: NestFastifyApplication, listen: { readonly host: string; readonly port: number }): Promise<Stop> {
  await app.listen({ host: listen.host, port: listen.port, backlog: 1_024 });
  return () => app.close();
}
