import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Topology } from '#contracts';
import {
  type Caller,
  type CallerVerifier,
  decideDeadlineMs,
  headerNames,
  onBehalfOf,
  preferencesOf,
  problem,
  Public,
  TOPOLOGY,
} from '#service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { REQUEST_LIMITS, type RequestLimits } from '../rate-limit/request-limits.ts';
import { destinationOf, serviceFor } from './destination.ts';
import { Forwarder } from './forwarder.ts';

export const CALLER_VERIFIER = Symbol('CallerVerifier');

/** What a service is told of the request, and a client of the answer. Nothing else passes. */
const requestHeaders = [
  'authorization',
  'content-type',
  'accept',
  'if-none-match',
  headerNames.idempotencyKey,
  headerNames.prefer,
  headerNames.consistencyToken,
  headerNames.customer,
];
const answerHeaders = [
  'content-type',
  'content-length',
  'location',
  'cache-control',
  'etag',
  'retry-after',
  'www-authenticate',
  headerNames.consistencyToken,
];

/** On top of what the service itself waits for: the way there and back. */
const marginMs = 5_000;

/** Every path of the API: who calls, whether it may now, and then on to the service that serves it. */
@Controller('v1')
@Public() // the caller is asked for below, where the route says so
export class ForwardController {
  readonly #verifier: CallerVerifier;
  readonly #limits: RequestLimits;
  readonly #topology: Topology;
  readonly #forwarder: Forwarder;

  constructor(
    @Inject(CALLER_VERIFIER) verifier: CallerVerifier,
    @Inject(REQUEST_LIMITS) limits: RequestLimits,
    @Inject(TOPOLOGY) topology: Topology,
    @Inject(Forwarder) forwarder: Forwarder,
  ) {
    this.#verifier = verifier;
    this.#limits = limits;
    this.#topology = topology;
    this.#forwarder = forwarder;
  }

  @Get('*')
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#forward('GET', request, reply);
  }

  @Post('*')
  async write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#forward('POST', request, reply);
  }

  async #forward(method: 'GET' | 'POST', request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const path = request.url.split('?', 1)[0]!;
    // A path with dot segments is matched here as one and would be asked for as another: it could reach what no route serves.
    if (new URL(path, 'http://edge').pathname !== path) throw problem('not-found');
    const route = serviceFor(method, path);
    if (route === undefined) throw problem('not-found');
    const caller = await this.#callerOf(request, route.open);
    this.#limits.check(caller, request.ip);
    const body = Buffer.isBuffer(request.body) ? request.body : undefined;
    const destination = destinationOf(
      route.service,
      { method, path, caller, onBehalfOf: onBehalfOf(request.headers), body },
      this.#topology,
    );
    const waitMs = (preferencesOf(request.headers).waitSeconds ?? 0) * 1000;
    const answer = await this.#forwarder.forward(destination, {
      method,
      target: request.url,
      headers: headersFor(request, body),
      body,
      deadlineMs: decideDeadlineMs + waitMs + marginMs,
    });
    for (const name of answerHeaders) {
      const value = answer.headers[name];
      if (value !== undefined) void reply.header(name, value);
    }
    void reply.status(answer.statusCode ?? 502).send(answer);
  }

  async #callerOf(request: FastifyRequest, open: boolean): Promise<Caller | undefined> {
    const { authorization } = request.headers;
    return open && authorization === undefined ? undefined : this.#verifier.verify(authorization);
  }
}

function headersFor(request: FastifyRequest, body: Buffer | undefined): Record<string, string> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
  for (const name of requestHeaders) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
