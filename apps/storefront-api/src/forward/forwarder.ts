/**
 * Hands a request to the region and instance that serve it.
 *
 * A request that certainly reached nobody goes to the next instance. One that may have been acted on is sent again only when it
 * can be: a read, or a write with its idempotency key. When the outcome of a write stays open the answer is 504, never 503, also
 * when whoever was asked next says 503, or refuses it: that is about its own attempt. What the first one did may stand in its log, and a region
 * that was out offers it again.
 *
 * A write goes to the owner of its shard, and on to the owner that is named instead, a bounded number of times. While another region's
 * owner keeps it waiting, or cannot be reached, news of a new owner end that wait. How many orders a region is given
 * at once is bounded by how long it takes.
 */
import type { IncomingMessage } from 'node:http';
import type { Region, RegionAddresses, Service, Topology } from '#contracts';
import { outcomeUnknown, ownerHeader, problem, ProblemError } from '#service-kit';
import { Condition } from '#shard-log';
import { attributeNames, currentTraceparent, metricNames, metrics, spanNames, SpanKind, type SpanNotes, withSpan } from '#telemetry';
import type { OwnerLookup } from '../owners/owner-lookup.port.ts';
import { Admission, admissionDefault, type AdmissionPace } from './admission.ts';
import type { Destination } from './destination.ts';
import { type AttemptOutcome, Upstreams } from './upstream.ts';

export interface Forwarded {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Until the head of the answer is here. */
  readonly deadlineMs: number;
  /** The same for another region's service: no longer than a client waits before it asks elsewhere. */
  readonly otherRegionMs: number;
  /**
   * An order, or what becomes of one, that a customer waits for, some seconds at most. Not who asks to wait for an outcome, or for none: how
   * long that takes says nothing about how busy the owner is. Nor an operator, who sends in bulk.
   */
  readonly impatient: boolean;
}

export interface Answered {
  /** Its head is here, its body still streams. */
  readonly answer: IncomingMessage;
  /** Where it comes from. */
  readonly region: Region;
}

export interface ForwarderPace {
  /** Regions that are asked about one write, one after the other. */
  readonly hopsMax: number;
  /** Before the second region that sends it on, and so often more before each later one: two regions learn of a swap at different times. */
  readonly hopPauseMs: number;
  /** News of a new owner are waited for so long, from when one that cannot be reached was asked: a takeover is mostly over by then. */
  readonly ownerNewsMs: number;
  readonly admission: AdmissionPace;
}

export const forwarderPaceDefault: ForwarderPace = { hopsMax: 5, hopPauseMs: 50, ownerNewsMs: 1_500, admission: admissionDefault };

/** One write, in all its attempts. */
interface Write {
  readonly service: Service;
  readonly request: Forwarded;
  /** It may have been acted on. */
  maybeDone: boolean;
}

const attemptsMax = 4;
/** Nothing was done by the instance that says so: not now, or not at all. */
const saysNotDone = (status = 0): boolean => status === 503 || (status >= 400 && status < 500);
const inFlightMax = 2_000;
/** Of those in flight: a region that is gone must not take the room of what can be done here. */
const waitForNewsMax = 500;
const forwards = metrics.counter(metricNames.forwards);

export class Forwarder {
  readonly #here: Region;
  readonly #topology: Topology;
  readonly #owners: OwnerLookup;
  readonly #pace: ForwarderPace;
  readonly #upstreams = new Upstreams();
  readonly #turns = new Map<string, number>();
  readonly #admissions = new Map<Region, Admission>();
  #inFlight = 0;
  readonly #news = new Condition();
  readonly #stopListening: () => void;

  constructor(here: Region, topology: Topology, owners: OwnerLookup, pace: ForwarderPace = forwarderPaceDefault) {
    this.#here = here;
    this.#topology = topology;
    this.#owners = owners;
    this.#pace = pace;
    this.#stopListening = owners.onChanged(() => this.#news.changed());
  }

  /** @throws ProblemError */
  async forward(destination: Destination, request: Forwarded): Promise<Answered> {
    if (this.#inFlight >= inFlightMax) throw unavailable('Too many requests are under way.');
    this.#inFlight += 1;
    try {
      return await this.#answerTo(destination, request);
    } finally {
      this.#inFlight -= 1;
    }
  }

  close(): void {
    this.#stopListening();
    this.#upstreams.close();
  }

  async #answerTo({ service, home, key }: Destination, request: Forwarded): Promise<Answered> {
    const write: Write = { service, request, maybeDone: false };
    const ownerNow = (): Region => (home === undefined ? this.#here : this.#owners.ownerOf(service, home, key));
    try {
      const last = await this.#askOwners(ownerNow, write);
      if (!write.maybeDone || !saysNotDone(last.answer.statusCode)) return last;
      last.answer.resume();
    } catch (error) {
      if (!write.maybeDone || !isUnavailable(error)) throw error;
    }
    throw outcomeUnknown();
  }

  async #askOwners(ownerNow: () => Region, write: Write): Promise<Answered> {
    const { hopsMax, hopPauseMs } = this.#pace;
    const endsAt = performance.now() + write.request.deadlineMs;
    let region = ownerNow();
    for (let hop = 1; ; hop++) {
      const answered = await this.#askRegion(region, ownerNow, write, endsAt);
      const next = answered === 'given-up' ? ownerNow() : this.#sentOnTo(answered, write);
      if (next === undefined) return answered as Answered;
      if (answered !== 'given-up') answered.answer.resume();
      if (hop >= hopsMax || performance.now() >= endsAt) throw ownerUnavailable('The owner is changing.');
      if (hop > 1 || next === region) await new Promise((resolve) => setTimeout(resolve, hop * hopPauseMs));
      region = next === region ? ownerNow() : next;
    }
  }

  /** The region that the answer names instead of deciding; undefined when it is the answer to be given. */
  #sentOnTo({ answer, region }: Answered, write: Write): Region | undefined {
    const named = answer.headers[ownerHeader];
    const owner = typeof named === 'string' && this.#reaches(named as Region) ? (named as Region) : undefined;
    if (answer.statusCode === 421) {
      // Of the entries of a bulk write, some may have been of shards that the asked region still owns.
      write.maybeDone ||= write.service === 'inventory';
      return owner ?? region;
    }
    // It may be done, and the named owner can tell: it may be asked if it would recognise a repeat.
    if (answer.statusCode !== 504 || owner === undefined || owner === region || !mayRepeat(write.request)) return undefined;
    write.maybeDone = true;
    return owner;
  }

  /** When the region that is thought to be the owner cannot be reached, this region's service may know that it is the owner now. */
  async #askRegion(region: Region, ownerNow: () => Region, write: Write, endsAt: number): Promise<Answered | 'given-up'> {
    const { service, request } = write;
    const known = ownerNow();
    const room = await this.#enter(region, write);
    if (ownerNow() !== known) {
      room.leave(false); // another one has become the owner meanwhile, and nothing was asked
      return 'given-up';
    }
    if (region === this.#here) return { answer: await room.during(this.#toRegion(region, write, endsAt, undefined)), region };
    const news = new AbortController();
    const stopListening = this.#owners.onChanged(() => ownerNow() !== region && mayRepeat(request) && news.abort());
    const askedAt = performance.now();
    try {
      const within = Math.min(endsAt, askedAt + request.otherRegionMs);
      return { answer: await room.during(this.#toRegion(region, write, within, news.signal)), region };
    } catch (error) {
      if (news.signal.aborted) return 'given-up';
      if (!isUnavailable(error)) throw error;
      const answer = await this.#toRegion(this.#here, write, endsAt, undefined).catch(() => undefined);
      if (answer !== undefined && answer.statusCode !== 421) return { answer, region: this.#here };
      answer?.resume();
      const mayGoElsewhere = !write.maybeDone || mayRepeat(request);
      if (mayGoElsewhere && (await this.#changesOwner(ownerNow, region, Math.min(endsAt, askedAt + this.#pace.ownerNewsMs))))
        return 'given-up';
      throw ownerUnavailable(`The ${service} service of ${region}, which owns it, cannot be reached.`);
    } finally {
      stopListening();
    }
  }

  /** Waits for room among the writes under way to a region. @throws ProblemError when there was none in time */
  async #enter(region: Region, { service, request }: Write): Promise<Room> {
    if (!request.impatient) return noBound;
    const admission = this.#admissions.get(region) ?? new Admission(this.#pace.admission);
    this.#admissions.set(region, admission);
    const admitted = await admission.enter();
    if (admitted !== undefined) return new Room((answered) => admission.leave(admitted, answered));
    forwards.add({ region, service, outcome: 'not-admitted' });
    throw unavailable(`The ${service} service of ${region} has more to do than it does in time.`);
  }

  /** News of another owner than `from`, in time; not waited for when too many wait. */
  async #changesOwner(ownerNow: () => Region, from: Region, within: number): Promise<boolean> {
    const changed = (): boolean => ownerNow() !== from;
    return this.#news.waiting < waitForNewsMax ? this.#news.until(changed, within - performance.now()) : changed();
  }

  async #toRegion(region: Region, write: Write, endsAt: number, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const { service, request } = write;
    const attributes = {
      [attributeNames.httpMethod]: request.method,
      [attributeNames.region]: region,
      [attributeNames.service]: service,
    };
    return withSpan(spanNames.httpClient(request.method), { kind: SpanKind.CLIENT, attributes }, async (span) => {
      const answer = await this.#tryInstances(region, write, endsAt, signal);
      span.note(noteOf(answer));
      return answer;
    });
  }

  async #tryInstances(region: Region, write: Write, endsAt: number, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const { service, request } = write;
    const urls = this.#urlsOf(region, service);
    const headers = { ...request.headers, traceparent: currentTraceparent() };
    for (let attempt = 0; attempt < Math.min(attemptsMax, urls.length + 1); attempt++) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) break;
      const url = new URL(request.target, urls[this.#turn(`${region}/${service}`) % urls.length]);
      const outcome = await this.#upstreams.send({ url, method: request.method, headers, body: request.body, deadlineMs: leftMs, signal });
      forwards.add({ region, service, outcome: outcome.kind });
      if (outcome.kind === 'answered') return outcome.answer;
      write.maybeDone ||= outcome.kind !== 'unreached' && request.method === 'POST';
      if (!mayGoOn(outcome, request)) break;
    }
    throw write.maybeDone ? outcomeUnknown() : unavailable(`The ${service} service of ${region} cannot be reached.`);
  }

  #reaches(region: Region): boolean {
    return region === this.#here || this.#topology.regions[this.#here]?.peers[region] !== undefined;
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

/** A place among the writes under way to a region. Left once: after what is asked there has ended, or instead. */
class Room {
  readonly leave: (answered: boolean) => void;
  constructor(leave: (answered: boolean) => void) {
    this.leave = leave;
  }
  async during(asked: Promise<IncomingMessage>): Promise<IncomingMessage> {
    let status: number | undefined;
    try {
      const answer = await asked;
      status = answer.statusCode;
      return answer;
    } finally {
      this.leave(status !== undefined && (status < 300 || status === 504));
    }
  }
}

const noBound = new Room(() => undefined);

function noteOf({ statusCode = 0, socket }: IncomingMessage): Parameters<SpanNotes['note']>[0] {
  return {
    errorType: statusCode >= 400 ? String(statusCode) : undefined,
    attributes: {
      [attributeNames.httpStatus]: statusCode,
      [attributeNames.serverAddress]: socket.remoteAddress,
      [attributeNames.serverPort]: socket.remotePort,
    },
  };
}

const mayRepeat = ({ method, headers }: Forwarded): boolean => method === 'GET' || (headers['idempotency-key'] ?? '') !== '';

const mayGoOn = (outcome: AttemptOutcome, request: Forwarded): boolean =>
  outcome.kind === 'unreached' || (outcome.kind === 'broken' && mayRepeat(request));

const isUnavailable = (error: unknown): boolean =>
  error instanceof ProblemError && (error.code === 'unavailable' || error.code === 'owner-unavailable');

const unavailable = (detail: string): ProblemError => problem('unavailable', { detail, headers: { 'retry-after': '1' } });
const ownerUnavailable = (detail: string): ProblemError => problem('owner-unavailable', { detail, headers: { 'retry-after': '1' } });
