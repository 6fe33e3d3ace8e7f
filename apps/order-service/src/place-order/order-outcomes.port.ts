import type { OrderId } from '#contracts';
import type { SettledDurability } from '#shard-log';

export const ORDER_OUTCOMES = Symbol('OrderOutcomes');

/** How an order came out. */
export interface OrderOutcome {
  readonly status: 'confirmed' | 'cancelled';
  /** The commit in the order's shard that says so; undefined when this region's tables showed it, which then show it to the next read too. */
  readonly settled?: { readonly seq: number; readonly durability: SettledDurability };
}

export interface OrderOutcomes {
  /** Notes the outcome of an order as soon as it is settled, from now on and until `close`. Too many at once: its `outcome` waits for nothing. */
  watch(order: OrderId): OutcomeWatch;
}

export interface OutcomeWatch {
  /**
   * The outcome if it is settled within `withinMs` milliseconds (0: now), else undefined. An outcome that may have been settled before
   * the watch began is looked for in this region's tables too.
   */
  outcome(within: { readonly withinMs: number; readonly maybeBefore: boolean }): Promise<OrderOutcome | undefined>;
  close(): void;
}
