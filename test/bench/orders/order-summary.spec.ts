import { describe, expect, it } from 'vitest';
import type { OrderId } from '#contracts';
import { factsOf, metOrders, type MetOrder } from '../bench.fixture.ts';
import type { LoadRecord } from './load.protocol.ts';
import type { OrderFacts } from './order-facts.ts';
import { latenessP99MaxMs, summarizeOrders } from './order-summary.ts';

const startedAtMs = 1_700_000_000_000;
const window = { fromMs: 2_000, toMs: 12_000 };

interface Changed {
  readonly record?: Partial<LoadRecord>;
  readonly facts?: Partial<OrderFacts> | 'none';
}

/** Twelve orders a second apart, the ten last of them counted; one of them is changed. */
function summaryWith(number: number, { record, facts }: Changed, allAreConfirmed = true) {
  const met = metOrders(12, startedAtMs).map((one): MetOrder =>
    one.order.number !== number
      ? one
      : { ...one, record: { ...one.record, ...record }, facts: { ...one.facts, ...(facts === 'none' ? {} : facts) } },
  );
  const known = factsOf(met);
  if (facts === 'none') known.delete(met[number]!.order.orderId);
  const orders = met.map(({ order }) => order);
  const records = met.map((one) => one.record);
  return {
    ids: orders.map(({ orderId }): OrderId => orderId),
    ...summarizeOrders({ orders, records, facts: known, startedAtMs, window, allAreConfirmed }),
  };
}

describe('what one load met', () => {
  it('counts what is due, answered and appended in the window', () => {
    const summary = summaryWith(0, {});
    expect(summary).toMatchObject({ orders: 10, offeredPerSecond: 1, placedPerSecond: 1, answeredPerSecond: 1, confirmedPerSecond: 1 });
    expect(summary).toMatchObject({ errors: {}, violations: [], void: undefined });
    expect(summary.settledMs).toMatchObject({ count: 4, p50: 50, max: 50 });
    expect(summary.confirmedMs).toMatchObject({ count: 6, p50: 310, max: 310 });
  });

  it('counts time from when an order was due, also when the generator was late', () => {
    const summary = summaryWith(4, { record: { startMs: 4_900, endMs: 4_950 } });
    expect(summary.settledMs?.max).toBe(950);
  });

  it('an error is no fast answer: it is slower than all others, and counted by what it was', () => {
    const summary = summaryWith(4, { record: { endMs: 4_001, answer: { kind: 'error', what: '503' } } });
    expect(summary.settledMs).toMatchObject({ p50: 50, p99: Number.POSITIVE_INFINITY });
    expect(summary.errors).toEqual({ '503': 1 });
  });

  it('whoever waited and was told no outcome has none', () => {
    const summary = summaryWith(6, { record: { answer: { kind: 'settled', told: 'pending' } } });
    expect(summary.confirmedMs?.max).toBe(Number.POSITIVE_INFINITY);
    expect(summary.errors).toEqual({ 'still pending': 1 });
  });

  it('a late generator voids it', () => {
    const { void: because } = summaryWith(4, { record: { startMs: 4_000 + latenessP99MaxMs + 1, endMs: 4_200 } });
    expect(because).toMatch(/^the generator was late: p99 101 ms/);
    expect(summaryWith(0, { record: { startMs: 4_000 } }).void).toBeUndefined(); // in the warm-up
  });

  it.each([
    { planted: 'lost', change: { facts: 'none' } as const, found: /acknowledged, and not in the log/ },
    { planted: 'without an outcome', change: { facts: { confirmedAtMs: [] } }, found: /without an outcome in time/ },
    { planted: 'placed twice', change: { facts: { placedAtMs: [startedAtMs, startedAtMs] } }, found: /placed more than once/ },
    { planted: 'confirmed and cancelled', change: { facts: { cancelledAtMs: [startedAtMs] } }, found: /more than one outcome/ },
    {
      planted: 'told confirmed, though cancelled',
      change: { facts: { confirmedAtMs: [], cancelledAtMs: [startedAtMs] } },
      found: /told confirmed, which it is not/,
    },
  ])('finds an order that is $planted', ({ change, found }) => {
    const { violations, ids } = summaryWith(6, change);
    const named = violations.filter((what) => found.test(what));
    expect(named).toHaveLength(1);
    expect(named[0]).toContain(ids[6]);
  });

  it('a cancellation is wrong only where there is enough for all', () => {
    const change = { facts: { confirmedAtMs: [], cancelledAtMs: [startedAtMs] } };
    expect(summaryWith(4, change).violations).toHaveLength(1);
    expect(summaryWith(4, change, false).violations).toEqual([]);
  });
});
