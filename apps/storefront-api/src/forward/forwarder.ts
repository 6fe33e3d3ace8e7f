/**
 * Hands a request to the region and instance that serve it.
 *
 * A request that certainly reached nobody goes to the next instance. One that may have been acted on is sent again only when it
 * can be: a read, or a write with its idempotency key. When the outcome of a write stays open the answer is 504, never 503, also
 * when whoever was asked next says 503 or 429: that is about its own attempt.
 */
import type { IncomingMessage } from 'node:http';
import type { Region, RegionAddresses, Service, Topology } from '#contracts';
import { outcomeUnknown, problem, ProblemError } from '#service-kit';
import { attributeNames, currentTraceparent, metricNames, metrics, spanNames, SpanKind, withSpan } from '#telemetry';
import type { Destination } from './destination.ts';
import type { OwnerLookup } from './owner-lookup.port.ts';
import { type AttemptOutcome, Upstreams } from './upstream.ts';

export interface Forwarded {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Until the head of the answer is here. */
  readonly deadlineMs: number;
}

/** What has become of a request so far, in all attempts. */
interface Sent {
  /** A write that may have been acted on. */
  maybeDone: boolean;
}

const attemptsMax = 4;
/** "Not now": nothing was done by the instance that says so. */
const notNow: ReadonlySet<number | undefined> = new Set([429, 503]);
const inFlightMax = 2_000;
const forwards = metrics.counter(metricNames.forwards);

export class Forwarder {
  readonly #here: Region;
  readonly #topology: Topology;
  readonly #owners: OwnerLookup;
  readonly #upstreams = new Upstreams();
  readonly #turns = new Map<string, number>();
  #inFlight = 0;

  constructor(here: Region, topology: Topology, owners: OwnerLookup) {
    this.#here = here;
    this.#topology = topology;
    this.#owners = owners;
  }

  /** The answer's head is here, its body still streams. @throws ProblemError */
  async forward(destination: Destination, request: Forwarded): Promise<IncomingMessage> {
    if (this.#inFlight >= inFlightMax) throw unavailable('Too many requests are under way.');
    this.#inFlight += 1;
    try {
      return await this.#answerTo(destination, request);
    } finally {
      this.#inFlight -= 1;
    }
  }

  close(): void {
    this.#upstreams.close();
  }

  async #answerTo({ service, home }: Destination, request: Forwarded): Promise<IncomingMessage> {
    const first = home === undefined ? this.#here : this.#owners.ownerOf(service, home);
    const sent: Sent = { maybeDone: false };
    try {
      const answer = await this.#firstAnswer(first, service, request, sent);
      const last = answer.statusCode === 421 ? await this.#again(answer, first, service, request, sent) : answer;
      if (!sent.maybeDone || !notNow.has(last.statusCode)) return last;
      last.resume();
    } catch (error) {
      if (!sent.maybeDone || !(error instanceof ProblemError) || error.code !== 'unavailable') throw error;
    }
    throw outcomeUnknown();
  }

  /** When the region that is thought to be the owner cannot be reached, this region's service may know that it is the owner now. */
  async #firstAnswer(region: Region, service: Service, request: Forwarded, sent: Sent): Promise<IncomingMessage> {
    try {
      return await this.#toRegion(region, service, request, sent);
    } catch (error) {
      if (region === this.#here || !(error instanceof ProblemError) || error.code !== 'unavailable') throw error;
      const answer = await this.#toRegion(this.#here, service, request, sent);
      if (answer.statusCode !== 421) return answer;
      answer.resume();
      throw error;
    }
  }

  /** The asked service knows a newer owner. Asked once more, there, so that two regions cannot pass a request to and fro. */
  async #again(answer: IncomingMessage, asked: Region, service: Service, request: Forwarded, sent: Sent): Promise<IncomingMessage> {
    const owner = answer.headers['evenkeel-owner'];
    answer.resume();
    if (typeof owner !== 'string' || owner === asked) throw unavailable('The owner is changing.');
    const second = await this.#toRegion(owner as Region, service, request, sent);
    if (second.statusCode !== 421) return second;
    second.resume();
    throw unavailable('The owner is changing.');
  }

  async #toRegion(region: Region, service: Service, request: Forwarded, sent: Sent): Promise<IncomingMessage> {
    const attributes = { [attributeNames.region]: region, 'evenkeel.service': service };
    return withSpan(spanNames.httpForward, { kind: SpanKind.CLIENT, attributes }, () => this.#tryInstances(region, service, request, sent));
  }

  async #tryInstances(region: Region, service: Service, request: Forwarded, sent: Sent): Promise<IncomingMessage> {
    const urls = this.#urlsOf(region, service);
    const endsAt = performance.now() + request.deadlineMs;
    const headers = { ...request.headers, traceparent: currentTraceparent() };
    for (let attempt = 0; attempt < Math.min(attemptsMax, urls.length + 1); attempt++) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) break;
      const url = new URL(request.target, urls[this.#turn(`${region}/${service}`) % urls.length]);
      const outcome = await this.#upstreams.send({ url, method: request.method, headers, body: request.body, deadlineMs: leftMs });
      forwards.add({ region, service, outcome: outcome.kind });
      if (outcome.kind === 'answered') return outcome.answer;
      sent.maybeDone ||= outcome.kind !== 'unreached' && request.method === 'POST';
      if (!mayGoOn(outcome, request)) break;
    }
    throw sent.maybeDone ? outcomeUnknown() : unavailable(`The ${service} service of ${region} cannot be reached.`);
  }

  #urlsOf(region: Region, service: Service): readonly string[] {
    const own: RegionAddresses | undefined = this.#topology.regions[this.#here];
    const urls = region === this.#here ? own?.services[service] : own?.peers[region]?.[service];
    if (urls === undefined) throw unavailable(`There is no way from here to ${region}.`);
    return urls;
  }

  #turn(key: string): number {
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, (turn + 1) % 1_000_000);
    return turn;
  }
}

const mayGoOn = (outcome: AttemptOutcome, request: Forwarded): boolean =>
  outcome.kind === 'unreached' ||
  (outcome.kind === 'broken' && (request.method === 'GET' || request.headers['idempotency-key'] !== undefined));

const unavailable = (detail: string): ProblemError => problem('unavailable', { detail, headers: { 'retry-after': '1' } });
