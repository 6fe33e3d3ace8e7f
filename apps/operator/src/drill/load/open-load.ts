import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt, DueOrder, OrderOutcome, RecordedOrder } from '../recording.ts';

export interface Placed {
  readonly outcome: OrderOutcome;
  readonly calls: number;
}

/** How one kind of client places an order: asks, and asks again, until it knows or gives up. Never rejects for what a server did. */
export type PlaceOrder = (order: DueOrder, tell: (attempt: Attempt) => void) => Promise<Placed>;

export interface OpenLoadOptions {
  readonly orders: readonly DueOrder[];
  readonly place: PlaceOrder;
  /** Milliseconds since the load began, monotonic. */
  readonly nowMs: () => number;
  /** What is due while so many are under way is not started: it is recorded as unknown, and says why. */
  readonly underWayMax: number;
  /** No order is started after it; those under way are waited for. */
  readonly signal: AbortSignal;
}

/**
 * Starts every order when it is due, whatever became of the earlier ones. The clock of an order runs from when it was due, not
 * from when it was started, so that neither a busy generator nor a stalled server hides waiting (no coordinated omission).
 */
export async function runOpenLoad({ orders, place, nowMs, underWayMax, signal }: OpenLoadOptions): Promise<readonly RecordedOrder[]> {
  const recorded: RecordedOrder[] = [];
  const underWay = new Set<Promise<void>>();
  const start = async (order: DueOrder): Promise<void> => {
    const attempts: Attempt[] = [];
    const { outcome, calls } = await place(order, (attempt) => attempts.push(attempt));
    recorded.push({ ...order, endMs: nowMs(), outcome, calls, attempts });
  };
  for (const order of orders) {
    const restMs = order.dueMs - nowMs();
    if (restMs > 0) await delay(restMs, undefined, { signal }).catch(() => undefined); // aborted: seen below
    if (signal.aborted) break;
    if (underWay.size >= underWayMax) {
      const because = `not started: ${underWayMax} orders were under way`;
      recorded.push({ ...order, endMs: nowMs(), outcome: { kind: 'unknown', because }, calls: 0, attempts: [] });
      continue;
    }
    const running = start(order).finally(() => underWay.delete(running));
    underWay.add(running);
  }
  await Promise.all(underWay);
  return recorded.sort((a, b) => a.number - b.number);
}
