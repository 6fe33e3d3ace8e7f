/**
 * How many writes one region is given at once, found from how long it takes: additive increase, multiplicative decrease, as TCP finds its
 * window (Jacobson, Congestion Avoidance and Control, 1988). A region that is given more than it can do in the time that clients wait
 * does most of it too late: they ask again, and keep it busy. With a bound, who finds no room hears so soon. See ADR 0027.
 */
export interface AdmissionPace {
  readonly firstLimit: number;
  /**
   * Also when everything is slow. Each edge gives so many to each region; fewer at once are not done sooner, for load makes batches larger: with
   * 2 the same machine did a quarter of what it did without a bound.
   */
  readonly limitMin: number;
  readonly limitMax: number;
  /** An answer that took longer makes the limit smaller. With `waitMs` it is what clients wait for: SDKs 2.5 s. */
  readonly slowMs: number;
  /** One that was faster makes it larger by one, if there is use for that; those between make it larger by one all together. */
  readonly fastMs: number;
  /** Who finds no room waits so long: what comes in a burst is over by then. */
  readonly waitMs: number;
  readonly waitingMax: number;
}

export const admissionDefault: AdmissionPace = {
  firstLimit: 64,
  limitMin: 16,
  limitMax: 1_000,
  slowMs: 2_000,
  fastMs: 1_000,
  waitMs: 500,
  waitingMax: 500,
};

/** Of the limit that was too large. */
const shrinkTo = 0.7;

export interface Admitted {
  readonly atMs: number;
}

interface Waiting {
  readonly admit: (admitted: Admitted | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/** The writes under way to one region. Whoever was admitted must leave, once. */
export class Admission {
  readonly #pace: AdmissionPace;
  readonly #nowMs: () => number;
  #limit: number;
  #underWay = 0;
  /** First come, first served. */
  #waiting: Waiting[] = [];
  #shrunkAtMs = Number.NEGATIVE_INFINITY;

  constructor(pace: AdmissionPace = admissionDefault, nowMs: () => number = () => performance.now()) {
    this.#pace = pace;
    this.#nowMs = nowMs;
    this.#limit = pace.firstLimit;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Undefined when there was no room in time. */
  async enter(): Promise<Admitted | undefined> {
    if (this.#underWay < this.limit && this.#waiting.length === 0) return this.#admitted();
    if (this.#waiting.length >= this.#pace.waitingMax) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        resolve(undefined);
      }, this.#pace.waitMs);
      const waiting: Waiting = { admit: resolve, timer };
      this.#waiting.push(waiting);
    });
  }

  /** `answered`: by the region itself, with what it has done. What ended otherwise says nothing about how busy it is. */
  leave({ atMs }: Admitted, answered: boolean): void {
    if (answered) this.#learn(atMs);
    this.#underWay -= 1;
    while (this.#underWay < this.limit && this.#waiting.length > 0) {
      const { admit, timer } = this.#waiting.shift()!;
      clearTimeout(timer);
      admit(this.#admitted());
    }
  }

  #admitted(): Admitted {
    this.#underWay += 1;
    return { atMs: this.#nowMs() };
  }

  #learn(atMs: number): void {
    const { limitMin, limitMax, slowMs, fastMs } = this.#pace;
    const nowMs = this.#nowMs();
    const tookMs = nowMs - atMs;
    if (tookMs > slowMs) {
      // Those that were admitted before the last shrinking say again what it has answered.
      if (atMs < this.#shrunkAtMs) return;
      this.#shrunkAtMs = nowMs;
      this.#limit = Math.max(limitMin, this.#limit * shrinkTo);
    } else if (this.#underWay * 2 >= this.limit) this.#limit = Math.min(limitMax, this.#limit + (tookMs < fastMs ? 1 : 1 / this.#limit));
  }
}
