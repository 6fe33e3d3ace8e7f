import type { RegionWishes } from '#regions';

/** Longer than it takes to make an etcd member a cluster of one and to write the wish there. */
export const promotionHoldMs = 60_000;

/**
 * From when a person has asked for a promotion that etcd could not take, until the wish stands there: nothing is decided. The member is made a cluster
 * of one in between, and an agent that met it without the wish would take over under the next term, which the lost majority may have given away too.
 */
export class PromotionHold {
  readonly #nowMs: () => number;
  #untilMs = -Infinity;
  #known: RegionWishes['promote'];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `known`: the wish as etcd held it when it was last read. */
  begin(known: RegionWishes['promote']): void {
    this.#untilMs = this.#nowMs() + promotionHoldMs;
    this.#known = known;
  }

  /** Whether nothing may be decided. `newest`: the wish as etcd holds it now. */
  holds(newest: RegionWishes['promote']): boolean {
    const isAnother = newest?.region !== this.#known?.region || newest?.overTerm !== this.#known?.overTerm;
    if (isAnother) this.#untilMs = -Infinity;
    return this.#nowMs() < this.#untilMs;
  }
}
