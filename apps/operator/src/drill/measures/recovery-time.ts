import type { DrillClient, RecordedOrder } from '../recording.ts';

export interface ClientRecovery {
  readonly client: DrillClient;
  /**
   * From the fault to the first answer that acknowledges an order of this client which was due after the fault; Infinity when none
   * ever came. What was under way at the fault does not count: its success says nothing about recovery.
   */
  readonly recoveredAfterMs: number;
}

/** Of each client that had an order due after the fault. */
export function recoveries(orders: readonly RecordedOrder[], faultMs: number): readonly ClientRecovery[] {
  const first = new Map<number, { client: DrillClient; ms: number }>();
  for (const { client, dueMs, endMs, outcome } of orders) {
    if (dueMs < faultMs) continue;
    const found = first.get(client.index) ?? { client, ms: Infinity };
    first.set(client.index, found);
    if (outcome.kind === 'acknowledged') found.ms = Math.min(found.ms, endMs - faultMs);
  }
  return Array.from(first.values(), ({ client, ms }) => ({ client, recoveredAfterMs: ms }));
}

/** How long orders took that were due in a stretch of time, from when they were due; those that were never acknowledged: Infinity. */
export const latenciesOf = (orders: readonly RecordedOrder[], fromMs: number, untilMs: number): readonly number[] =>
  orders
    .filter(({ dueMs }) => dueMs >= fromMs && dueMs < untilMs)
    .map(({ dueMs, endMs, outcome }) => (outcome.kind === 'acknowledged' ? endMs - dueMs : Infinity));
