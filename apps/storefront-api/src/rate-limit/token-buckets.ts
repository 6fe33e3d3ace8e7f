/**
 * A token bucket per key, in this process's memory: it protects the services from one client gone wild, it is no accounting.
 * Holds at most `keysMax` buckets; the one that was refilled longest ago goes first, and a key that comes back starts full.
 */
export interface BucketLimits {
  readonly perSecond: number;
  readonly burst: number;
}

export class TokenBuckets {
  readonly #limits: BucketLimits;
  readonly #keysMax: number;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(limits: BucketLimits, keysMax: number, nowMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#keysMax = keysMax;
    this.#nowMs = nowMs;
  }

  /** 0 when the request may pass, else after how many milliseconds it may. */
  take(key: string): number {
    const { perSecond, burst } = this.#limits;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(key);
    const tokens = bucket === undefined ? burst : Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    // Deleted and set anew, so that the map stays in order of use.
    this.#buckets.delete(key);
    if (this.#buckets.size >= this.#keysMax) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    const passes = tokens >= 1;
    this.#buckets.set(key, { tokens: passes ? tokens - 1 : tokens, atMs: nowMs });
    return passes ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000);
  }
}
