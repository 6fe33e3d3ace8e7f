import { checkAll, HistoryRecorder, type CheckResult, type Evidence, type FinalReads, type History, type PlantedStock } from '#checkers';
import type { Region, Sku } from '#contracts';
import { assertNever } from '#kernel';
import type { RecordedOrder } from '../recording.ts';

/** A client asks again for a minute; its last try may take its whole deadline, on a machine that is slow. */
const answeredWithinMs = 120_000;

export interface DrillHistory {
  readonly recorded: readonly RecordedOrder[];
  /** By home and sku. */
  readonly received: ReadonlyMap<Region, ReadonlyMap<Sku, number>>;
  readonly partitions: number;
}

/** What the clients of a drill asked and heard, as checkers read it: an order is one operation, however often its client had to ask. */
export function drillHistory({ recorded, received, partitions }: DrillHistory): History {
  const recorder = new HistoryRecorder({ partitions });
  for (const stock of plantedOf(received)) recorder.planted(stock);
  for (const { client, key, orderId, lines, dueMs, endMs, outcome } of [...recorded].sort((a, b) => a.dueMs - b.dueMs)) {
    const session = `client ${client.index} (${client.kind})`;
    const asked = { kind: 'place', key, customer: client.customer, orderId, lines } as const;
    const operation = recorder.invoke(asked, { session, invokedMs: dueMs, deadlineMs: dueMs + answeredWithinMs });
    switch (outcome.kind) {
      case 'acknowledged': {
        // Clients of a drill keep no token, and do not wait for the outcome.
        const answer = { kind: 'place', durability: outcome.durability, token: {}, orderId, placedNow: true, status: 'pending' } as const;
        operation.ok(endMs, client.home, answer);
        break;
      }
      case 'refused':
        operation.refused(endMs, outcome.code);
        break;
      case 'unknown':
        operation.unknown(endMs, outcome.because);
        break;
      default:
        assertNever(outcome);
    }
  }
  return recorder.close(recorded.reduce((latest, { endMs }) => Math.max(latest, endMs), 0));
}

const plantedOf = (received: DrillHistory['received']): readonly PlantedStock[] =>
  Array.from(received).flatMap(([home, units]) => Array.from(units, ([sku, quantity]) => ({ sku, home, quantity })));

/** Of every checker that has found something to judge: a drill reads without tokens, and changes no order. */
export const checkDrill = (evidence: Evidence): readonly CheckResult[] =>
  checkAll(evidence).filter(({ examined, violations }) => examined > 0 || violations.length > 0);

/** Through the public API of every region, as a customer would see it. */
export const isPresentEverywhere = ({ regions }: FinalReads, { orderId }: Pick<RecordedOrder, 'orderId'>): boolean =>
  regions.length > 0 &&
  regions.every(({ shown }) => {
    const seen = shown?.orders.get(orderId);
    return seen?.kind === 'read' && seen.value !== 'absent';
  });
