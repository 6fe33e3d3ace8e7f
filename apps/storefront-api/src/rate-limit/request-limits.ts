import { type Caller, mayActForOthers, problem } from '#service-kit';
import { metricNames, metrics } from '#telemetry';
import { type BucketLimits, TokenBuckets } from './token-buckets.ts';

export const REQUEST_LIMITS = Symbol('RequestLimits');

export interface RequestLimitOptions {
  readonly customer: BucketLimits;
  /** By address, for who sends no token. */
  readonly anonymous: BucketLimits;
}
export const requestLimitsDefault: RequestLimitOptions = {
  customer: { perSecond: 50, burst: 200 },
  anonymous: { perSecond: 500, burst: 1_000 },
};

const limited = metrics.counter(metricNames.rateLimited);
const keysMax = 50_000;

/** Operators and importers are not limited: they are few, known, and send in bulk. */
export class RequestLimits {
  readonly #customers: TokenBuckets;
  readonly #anonymous: TokenBuckets;
  constructor(options: RequestLimitOptions, nowMs?: () => number) {
    this.#customers = new TokenBuckets(options.customer, keysMax, nowMs);
    this.#anonymous = new TokenBuckets(options.anonymous, keysMax, nowMs);
  }

  /** @throws ProblemError `too-many-requests` */
  check(caller: Caller | undefined, address: string): void {
    if (caller !== undefined && mayActForOthers(caller)) return;
    const waitMs = caller === undefined ? this.#anonymous.take(address) : this.#customers.take(caller.subject);
    if (waitMs === 0) return;
    limited.add({ who: caller === undefined ? 'anonymous' : 'customer' });
    throw problem('too-many-requests', { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
  }
}
