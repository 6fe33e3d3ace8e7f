import type { OrderId } from '#contracts';
import type { RecordedOrder } from '../recording.ts';

/** RPO as it was measured. */
export interface Loss {
  readonly acknowledged: number;
  readonly lost: readonly { readonly orderId: OrderId; readonly acknowledgedMs: number }[];
  /** How far back in time from the fault acknowledged orders are missing: from the earliest one lost to the fault (or to the last one lost, if that is later). */
  readonly seconds: number;
}

/** An acknowledged order is lost when a region does not have it at the end. */
export function lossOf(orders: readonly RecordedOrder[], faultMs: number, isPresent: (order: OrderId) => boolean): Loss {
  const acknowledged = orders.filter(({ outcome }) => outcome.kind === 'acknowledged');
  const lost = acknowledged
    .filter(({ orderId }) => !isPresent(orderId))
    .map(({ orderId, endMs }) => ({ orderId, acknowledgedMs: endMs }))
    .sort((a, b) => a.acknowledgedMs - b.acknowledgedMs);
  const [first, last] = [lost[0], lost.at(-1)];
  const seconds = first === undefined || last === undefined ? 0 : (Math.max(faultMs, last.acknowledgedMs) - first.acknowledgedMs) / 1000;
  return { acknowledged: acknowledged.length, lost, seconds };
}
