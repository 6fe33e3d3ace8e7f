import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { homeOf, type Region, type Topology } from '#contracts';
import {
  type Caller,
  type CallerVerifier,
  decideDeadlineMs,
  headerNames,
  mayActForOthers,
  onBehalfOf,
  preferencesOf,
  problem,
  Public,
  REGION,
  TOPOLOGY,
} from '#service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OWNER_LOOKUP, type OwnerLookup } from '../owners/owner-lookup.port.ts';
import { otherEndpoints } from '../regions/region-list.ts';
import { SERVING, type ServingState } from '../serving/serving-watch.ts';
import { REQUEST_LIMITS, type RequestLimits } from '../rate-limit/request-limits.ts';
import { type Destination, destinationOf, serviceFor } from './destination.ts';
import { Forwarder } from './forwarder.ts';
import { answerHeaders, hintHeaders, requestHeaders } from './passed-headers.ts';

export const CALLER_VERIFIER = Symbol('CallerVerifier');

/** One order, decided elsewhere: hundreds of milliseconds at most, unless that region or the link is lost. */
const otherRegionOrderMs = 5_000;

/** A takeover is mostly over by then; one that takes longer may never end. */
const takeoverWaitMs = 1_500;

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
  readonly #region: Region;
  readonly #owners: OwnerLookup;
  readonly #serving: ServingState;

  constructor(
    @Inject(CALLER_VERIFIER) verifier: CallerVerifier,
    @Inject(REQUEST_LIMITS) limits: RequestLimits,
    @Inject(TOPOLOGY) topology: Topology,
    @Inject(Forwarder) forwarder: Forwarder,
    @Inject(REGION) region: Region,
    @Inject(OWNER_LOOKUP) owners: OwnerLookup,
    @Inject(SERVING) serving: ServingState,
  ) {
    this.#verifier = verifier;
    this.#limits = limits;
    this.#topology = topology;
    this.#forwarder = forwarder;
    this.#region = region;
    this.#owners = owners;
    this.#serving = serving;
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
      { method, path, caller, onBehalfOf: onBehalfOf(request.headers), idempotencyKey: keyOf(request), body },
      this.#topology,
    );
    this.#hint(destination, caller, reply);
    if (method === 'POST') await this.#refuseUnlessServing();
    const { waitSeconds, respondAsync } = preferencesOf(request.headers);
    const waitsForDecision = waitSeconds === undefined && !respondAsync;
    const waitMs = (waitSeconds ?? 0) * 1000;
    const { answer, region } = await this.#forwarder.forward(destination, {
      method,
      target: request.url,
      headers: headersFor(request, body),
      body,
      deadlineMs: decideDeadlineMs + waitMs + marginMs,
      otherRegionMs: (route.service === 'order' ? otherRegionOrderMs : decideDeadlineMs + marginMs) + waitMs,
      impatient: method === 'POST' && route.service === 'order' && waitsForDecision && (caller === undefined || !mayActForOthers(caller)),
    });
    for (const name of answerHeaders) {
      const value = answer.headers[name];
      if (value !== undefined) void reply.header(name, value);
    }
    if (destination.home !== undefined) void reply.header(hintHeaders.ownerRegion, region);
    void reply.status(answer.statusCode ?? 502).send(answer);
  }

  /** Of what is written, or of the customer who reads. Problems carry them too. */
  #hint({ service, home, key }: Destination, caller: Caller | undefined, reply: FastifyReply): void {
    const homeRegion = home ?? (caller?.customerId === undefined ? undefined : homeOf(this.#topology, caller.customerId));
    if (homeRegion === undefined) return;
    void reply.header(hintHeaders.homeRegion, homeRegion);
    void reply.header(hintHeaders.ownerRegion, this.#owners.ownerOf(service, homeRegion, key));
  }

  /** The end of a takeover is waited for. A region that drains is left by DNS and still serves who comes; any other that does not serve could only fail, later. */
  async #refuseUnlessServing(): Promise<void> {
    const serving = await this.#serving.afterTakeover(takeoverWaitMs);
    if (serving.serving || serving.draining === true) return;
    const others = otherEndpoints({ here: this.#region, topology: this.#topology, lineage: this.#owners.lineage, serving });
    throw problem('region-not-serving', {
      detail: `${serving.because}. ${others === '' ? 'There is no other region.' : `Elsewhere: ${others}.`}`,
      headers: { 'retry-after': '1', [hintHeaders.regionEndpoints]: others },
    });
  }

  async #callerOf(request: FastifyRequest, open: boolean): Promise<Caller | undefined> {
    const { authorization } = request.headers;
    return open && authorization === undefined ? undefined : this.#verifier.verify(authorization);
  }
}

/** Without the quotes that the draft standard allows, as the services read it. */
function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers[headerNames.idempotencyKey];
  return typeof key === 'string' ? (/^"(.*)"$/.exec(key)?.[1] ?? key) : undefined;
}

function headersFor(request: FastifyRequest, body: Buffer | undefined): Record<string, string> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
  for (const name of requestHeaders) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
