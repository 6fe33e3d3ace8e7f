import type { OrderId } from '#contracts';

export const ORDER_OUTCOMES = Symbol('OrderOutcomes');

/** How an order that was placed came out. */
export interface OrderOutcomes {
  /** The outcome if it is settled now or within `withinMs` milliseconds (0: do not wait), else undefined. */
  outcomeOf(order: OrderId, withinMs: number): Promise<'confirmed' | 'cancelled' | undefined>;
}
