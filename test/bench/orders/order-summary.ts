import { type OrderId } from '#contracts';
import { percentiles, type Percentiles } from '../../../apps/operator/src/drill/measures/percentiles.ts';
import type { DueOrder } from '../../../apps/operator/src/drill/recording.ts';
import { hasEnded, type OrderFacts } from './order-facts.ts';
import type { LoadRecord } from './load.protocol.ts';
import { waitsForOutcome } from './order-schedule.ts';

/** A generator that is later than this, at its p99, offered another load than it was told to. */
export const latenessP99MaxMs = 100;

export interface OrdersMet {
  readonly orders: readonly DueOrder[];
  readonly records: readonly LoadRecord[];
  readonly facts: ReadonlyMap<OrderId, OrderFacts>;
  /** Wall clock of the load's millisecond 0. */
  readonly startedAtMs: number;
  /** What is counted: due, answered, appended in [fromMs, toMs), milliseconds since the load began. */
  readonly window: { readonly fromMs: number; readonly toMs: number };
  /** False: more is wanted than there is, so that some must be cancelled. */
  readonly allAreConfirmed: boolean;
}

export interface OrdersSummary {
  /** Due in the window. */
  readonly orders: number;
  readonly offeredPerSecond: number;
  /** `OrderPlaced` appended. */
  readonly placedPerSecond: number;
  /** Answers 201, of both kinds of orders. */
  readonly answeredPerSecond: number;
  /** `OrderConfirmed` appended. */
  readonly confirmedPerSecond: number;
  /** From when an order was due to its answer, of those that are answered when settled. `Infinity` for each that was not: an error is no fast answer. */
  readonly settledMs: Percentiles | undefined;
  /** The same, of those that are answered when their outcome is known. */
  readonly confirmedMs: Percentiles | undefined;
  readonly errors: Readonly<Record<string, number>>;
  readonly latenessMs: Percentiles | undefined;
  /** Why this run says nothing about the load that it is named after. */
  readonly void: string | undefined;
  /** What must never be, in words, at most some of each. */
  readonly violations: readonly string[];
}

/** What one load met, from what its clients saw and what the logs say. Pure. */
export function summarizeOrders(met: OrdersMet): OrdersSummary {
  const { orders, records, facts, startedAtMs, window } = met;
  const seconds = (window.toMs - window.fromMs) / 1000;
  const inWindow = (ms: number): boolean => ms >= window.fromMs && ms < window.toMs;
  const counted = records.filter(({ dueMs }) => inWindow(dueMs));
  const [waiting, plain] = [counted.filter(waitsForOutcome), counted.filter((record) => !waitsForOutcome(record))];
  const known = new Set(orders.map(({ orderId }) => orderId));
  const appended = (kind: keyof OrderFacts): number =>
    [...facts].flatMap(([order, of]) => (known.has(order) ? of[kind] : [])).filter((atMs) => inWindow(atMs - startedAtMs)).length;
  const latenessMs = percentiles(counted.map(({ startMs, dueMs }) => startMs - dueMs));
  return {
    orders: counted.length,
    offeredPerSecond: counted.length / seconds,
    placedPerSecond: appended('placedAtMs') / seconds,
    answeredPerSecond: records.filter(({ answer, endMs }) => answer.kind === 'settled' && inWindow(endMs)).length / seconds,
    confirmedPerSecond: appended('confirmedAtMs') / seconds,
    settledMs: percentiles(plain.map((record) => latencyMs(record, record.answer.kind === 'settled'))),
    confirmedMs: percentiles(waiting.map((record) => latencyMs(record, toldItsOutcome(record)))),
    errors: countErrors(records),
    latenessMs,
    void:
      latenessMs !== undefined && latenessMs.p99 > latenessP99MaxMs
        ? `the generator was late: p99 ${latenessMs.p99.toFixed(0)} ms, at most ${latenessP99MaxMs} is allowed`
        : undefined,
    violations: violationsOf(met),
  };
}

const latencyMs = ({ dueMs, endMs }: LoadRecord, good: boolean): number => (good ? endMs - dueMs : Number.POSITIVE_INFINITY);

const toldItsOutcome = ({ answer }: LoadRecord): boolean =>
  answer.kind === 'settled' && (answer.told === 'confirmed' || answer.told === 'cancelled');

/** Of the whole load, the warm-up too: by HTTP status or by what happened instead of an answer. */
function countErrors(records: readonly LoadRecord[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const record of records) {
    if (record.answer.kind === 'error') count(record.answer.what);
    else if (waitsForOutcome(record) && !toldItsOutcome(record)) count('still pending');
  }
  return Object.fromEntries(counts);
}

/** Orders named for each kind of violation. */
const namedMax = 3;

function violationsOf({ orders, records, facts, allAreConfirmed }: OrdersMet): readonly string[] {
  const answers = new Map(records.map(({ number, answer }) => [number, answer]));
  const wrong = new Map<string, OrderId[]>();
  const note = (what: string, order: OrderId): void => void wrong.set(what, [...(wrong.get(what) ?? []), order]);
  for (const { number, orderId } of orders) {
    const answer = answers.get(number);
    const of = facts.get(orderId);
    if (of !== undefined && of.placedAtMs.length > 1) note('placed more than once', orderId);
    if (of !== undefined && of.confirmedAtMs.length + of.cancelledAtMs.length > 1) note('more than one outcome', orderId);
    if (allAreConfirmed && of !== undefined && of.cancelledAtMs.length > 0) note('cancelled', orderId);
    if (answer?.kind !== 'settled') continue;
    if (of === undefined || of.placedAtMs.length === 0) note('acknowledged, and not in the log', orderId);
    else if (!hasEnded(of)) note('acknowledged, and without an outcome in time', orderId);
    if (answer.told === 'confirmed' && of?.confirmedAtMs.length === 0) note('told confirmed, which it is not', orderId);
    if (answer.told === 'cancelled' && of?.cancelledAtMs.length === 0) note('told cancelled, which it is not', orderId);
  }
  return [...wrong].map(
    ([what, ids]) => `${ids.length} orders ${what}: ${ids.slice(0, namedMax).join(', ')}${ids.length > namedMax ? ', …' : ''}`,
  );
}
