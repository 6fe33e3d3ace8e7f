import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { orderEvents, orderId, type OrderEvent, type OrderId } from '#contracts';
import type { SettledCommit } from '#shard-log';
import { SettledOrderOutcomes } from './settled-order-outcomes.ts';
import { ShownOutcomes } from './shown-outcomes.ts';

const [first, second] = ['a', 'b'].map((letter) => orderId(`ord_${letter.repeat(26)}`)) as [OrderId, OrderId];
const at = '2026-01-02T03:04:05.000Z';

const confirmed = (order: OrderId): OrderEvent => ({ type: 'OrderConfirmed', orderId: order, confirmedAt: at });
const cancelled = (order: OrderId): OrderEvent => ({ type: 'OrderCancelled', orderId: order, reason: 'expired', cancelledAt: at });

const settled = (seq: number, order: OrderId, body: string): SettledCommit =>
  ({ commit: { seq, streams: [order], body }, durability: 'global' }) as unknown as SettledCommit;
const commitOf = (seq: number, event: OrderEvent): SettledCommit => settled(seq, event.orderId, orderEvents.encode([event]));

type Tables = Map<OrderId, 'confirmed' | 'cancelled'> | 'away' | 'hang';

function outcomesWith(tables: Tables) {
  const asked: (readonly OrderId[])[] = [];
  const query = (_text: string, [orders]: [OrderId[]]): Promise<unknown> => {
    asked.push(orders);
    if (tables === 'away') return Promise.reject(new Error('the tables are away'));
    if (tables === 'hang') return new Promise(() => undefined);
    return Promise.resolve(orders.flatMap((order) => (tables.has(order) ? [{ order_id: order, status: tables.get(order) }] : [])));
  };
  const outcomes = new SettledOrderOutcomes(new ShownOutcomes({ query } as unknown as ConstructorParameters<typeof ShownOutcomes>[0]));
  return { outcomes, asked };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the outcome of an order', () => {
  it('is what the settled log said since the watch began, to all that watch, and nobody asks the tables', async () => {
    const { outcomes, asked } = outcomesWith(new Map());
    const watches = [outcomes.watch(first), outcomes.watch(first), outcomes.watch(second)];
    const answers = watches.map((watch) => watch.outcome({ withinMs: 5_000, maybeBefore: false }));
    outcomes.note(commitOf(7, confirmed(first)));
    outcomes.note(commitOf(8, cancelled(second)));
    const [seven, eight] = [7, 8].map((seq) => ({ settled: { seq, durability: 'global' } }));
    expect(await Promise.all(answers)).toEqual([
      { status: 'confirmed', ...seven },
      { status: 'confirmed', ...seven },
      { status: 'cancelled', ...eight },
    ]);
    expect(asked).toEqual([]);
  });

  it('stands when it was settled before it is asked for, and the first one stands', async () => {
    const { outcomes } = outcomesWith(new Map());
    const watch = outcomes.watch(first);
    outcomes.note(commitOf(7, cancelled(first)));
    outcomes.note(commitOf(9, cancelled(first)));
    expect(await watch.outcome({ withinMs: 0, maybeBefore: false })).toMatchObject({ status: 'cancelled', settled: { seq: 7 } });
  });

  it('is not known at the deadline when nothing was settled, and other events of the order are no outcome', async () => {
    const { outcomes, asked } = outcomesWith(new Map([[first, 'confirmed']]));
    const answer = outcomes.watch(first).outcome({ withinMs: 1_000, maybeBefore: false });
    outcomes.note(settled(3, first, '{"events":[{"type":"OrderLinesShipped"}]}'));
    await vi.advanceTimersByTimeAsync(999);
    const early = await Promise.race([answer, Promise.resolve('waiting')]);
    await vi.advanceTimersByTimeAsync(1);
    expect([early, await answer, asked]).toEqual(['waiting', undefined, []]);
  });

  it('of an earlier request is looked for in the tables, at once and again while they are late', async () => {
    const tables = new Map<OrderId, 'confirmed'>([[first, 'confirmed']]);
    const { outcomes, asked } = outcomesWith(tables);
    expect(await outcomes.watch(first).outcome({ withinMs: 0, maybeBefore: true })).toEqual({ status: 'confirmed' });
    const late = outcomes.watch(second).outcome({ withinMs: 5_000, maybeBefore: true });
    await vi.advanceTimersByTimeAsync(600);
    tables.set(second, 'confirmed');
    await vi.advanceTimersByTimeAsync(250);
    expect(await late).toEqual({ status: 'confirmed' });
    expect(asked).toEqual([[first], [second], [second], [second], [second]]);
  });

  it('of an earlier request may also be settled meanwhile, and while the tables are away', async () => {
    const { outcomes } = outcomesWith('away');
    const answer = outcomes.watch(first).outcome({ withinMs: 5_000, maybeBefore: true });
    await vi.advanceTimersByTimeAsync(300);
    outcomes.note(commitOf(7, confirmed(first)));
    expect(await answer).toMatchObject({ status: 'confirmed' });
    const never = outcomes.watch(second).outcome({ withinMs: 1_000, maybeBefore: true });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await never).toBeUndefined();
  });

  it('of an earlier request is not missed, nor waited for any longer, while the tables hang', async () => {
    const { outcomes } = outcomesWith('hang');
    const answer = outcomes.watch(first).outcome({ withinMs: 2_000, maybeBefore: true });
    await vi.advanceTimersByTimeAsync(300);
    outcomes.note(commitOf(7, confirmed(first)));
    expect(await answer).toMatchObject({ status: 'confirmed' });
    const [late, now] = [2_000, 0].map((withinMs) => outcomes.watch(second).outcome({ withinMs, maybeBefore: true }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await now).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_250);
    expect(await late).toBeUndefined();
  });

  it('is looked for with one query at a time, for all that ask', async () => {
    const { outcomes, asked } = outcomesWith(new Map([[second, 'cancelled']]));
    const once = { withinMs: 0, maybeBefore: true };
    const answers = [first, second, second].map((order) => outcomes.watch(order).outcome(once));
    expect(await Promise.all(answers)).toEqual([undefined, { status: 'cancelled' }, { status: 'cancelled' }]);
    expect(asked).toEqual([[first, second]]);
  });

  it('is not told by a commit that cannot be read, which harms nobody', async () => {
    const { outcomes } = outcomesWith(new Map());
    const watch = outcomes.watch(first);
    outcomes.note(settled(7, first, '{"events":[{"type":"OrderConfirmed","schemaVersion":99}]}'));
    expect(await watch.outcome({ withinMs: 0, maybeBefore: false })).toBeUndefined();
    outcomes.note(commitOf(8, confirmed(first)));
    expect(await watch.outcome({ withinMs: 0, maybeBefore: false })).toMatchObject({ status: 'confirmed' });
  });

  it('is noted for a bound of watches, and for new ones when others were closed, once or twice', async () => {
    const { outcomes } = outcomesWith(new Map());
    const watches = Array.from({ length: 2_000 }, () => outcomes.watch(first));
    const over = outcomes.watch(second);
    outcomes.note(commitOf(7, confirmed(second)));
    expect(await over.outcome({ withinMs: 60_000, maybeBefore: false })).toBeUndefined();
    over.close();
    watches[0]!.close();
    watches[0]!.close();
    const [next, another] = [outcomes.watch(second), outcomes.watch(second)];
    outcomes.note(commitOf(8, confirmed(second)));
    const now = { withinMs: 0, maybeBefore: false };
    expect([await next.outcome(now), await another.outcome(now)]).toMatchObject([{ status: 'confirmed' }, undefined]);
  });
});
