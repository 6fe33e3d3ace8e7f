import type { CancelReason, OrderEvent } from '#contracts';
import { metricNames, metrics } from '#telemetry';

const orders = metrics.counter(metricNames.orders);
const confirmDuration = metrics.histogram(metricNames.confirmDuration);

type Outcome = 'placed' | 'confirmed' | 'rejected' | 'cancelled' | 'expired';
const outcomes: readonly Outcome[] = ['placed', 'confirmed', 'rejected', 'cancelled', 'expired'];

/** Why an order was cancelled says whether its customer, the shop or time did it. */
const outcomeOf: Readonly<Record<CancelReason, Outcome>> = {
  'requested-by-customer': 'cancelled',
  'out-of-stock': 'rejected',
  'payment-declined': 'rejected',
  expired: 'expired',
};

/** Orders whose confirmation is timed. When more wait, the oldest are confirmed all the same, and not timed. */
const waitingMax = 20_000;

/**
 * Counts orders as their events are settled: told by the process that wrote them, so each is counted once, in the region that owned it.
 * An order that was placed by another process, before a restart or a takeover, is counted and not timed.
 */
export class OrderMetrics {
  readonly #placedAtMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    for (const outcome of outcomes) orders.add({ outcome }, 0); // the first one is an increase too
  }

  settled(events: readonly OrderEvent[]): void {
    for (const event of events)
      if (event.type === 'OrderPlaced') {
        orders.add({ outcome: 'placed' });
        this.#await(event.orderId, Date.parse(event.placedAt));
      } else if (event.type === 'OrderConfirmed') {
        orders.add({ outcome: 'confirmed' });
        this.#time(event.orderId);
      } else if (event.type === 'OrderCancelled') {
        orders.add({ outcome: outcomeOf[event.reason] });
        this.#placedAtMs.delete(event.orderId);
      }
  }

  #await(orderId: string, placedAtMs: number): void {
    if (this.#placedAtMs.size >= waitingMax) this.#placedAtMs.delete(this.#placedAtMs.keys().next().value!);
    this.#placedAtMs.set(orderId, placedAtMs);
  }

  #time(orderId: string): void {
    const placedAtMs = this.#placedAtMs.get(orderId);
    if (placedAtMs !== undefined) confirmDuration.observe(Math.max(0, this.#nowMs() - placedAtMs) / 1_000);
    this.#placedAtMs.delete(orderId);
  }
}
