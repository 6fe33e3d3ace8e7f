import { describe, expect, it } from 'vitest';
import type { OrderId } from '#contracts';
import { ProjectedOrderOutcomes } from './projected-order-outcomes.ts';

const [quick, slow, other] = ['quick', 'slow', 'other'] as OrderId[] as [OrderId, OrderId, OrderId];

/** A projection that shows each outcome from its moment on, in a time that passes only while a poll rests. */
function projection(shownAtMs: Readonly<Record<string, number>>) {
  const asked: { readonly atMs: number; readonly orders: readonly string[] }[] = [];
  const world = { nowMs: 0, isAway: false, whenAsked: (): unknown => undefined };
  const database = {
    query: (_text: string, [orders]: [string[]]) => {
      asked.push({ atMs: world.nowMs, orders });
      world.whenAsked();
      if (world.isAway) return Promise.reject(new Error('the database is away'));
      const shown = orders.filter((order) => world.nowMs >= (shownAtMs[order] ?? Infinity));
      return Promise.resolve(shown.map((order) => ({ order_id: order, status: 'confirmed' })));
    },
  } as unknown as ConstructorParameters<typeof ProjectedOrderOutcomes>[0];
  const clock = { nowMs: () => world.nowMs, rest: (ms: number) => Promise.resolve((world.nowMs += ms)) };
  return { world, asked, outcomes: new ProjectedOrderOutcomes(database, clock) };
}

describe('the outcome of an order', () => {
  it('is answered as soon as the projection shows it, to all that wait, with one query for all', async () => {
    const { world, asked, outcomes } = projection({ [quick]: 60, [slow]: 120 });
    const answers = [outcomes.outcomeOf(quick, 5_000), outcomes.outcomeOf(quick, 5_000), outcomes.outcomeOf(slow, 5_000)];
    expect(await Promise.all(answers)).toEqual(['confirmed', 'confirmed', 'confirmed']);
    expect(world.nowMs).toBe(125);
    expect(asked.map(({ orders }) => orders.length)).toContain(2);
    expect(asked.map(({ atMs }) => atMs)).toEqual([0, 25, 50, 75, 100, 125]);
  });

  it('is asked for at a quarter of the rate after a second', async () => {
    const { world, asked, outcomes } = projection({ [slow]: 2_950 });
    expect(await outcomes.outcomeOf(slow, 5_000)).toBe('confirmed');
    expect(world.nowMs).toBeLessThanOrEqual(2_950 + 100);
    expect(asked.filter(({ atMs }) => atMs < 1_000)).toHaveLength(40);
    expect(asked.filter(({ atMs }) => atMs >= 1_000 && atMs < 2_000)).toHaveLength(10);
  });

  it('is asked for once at least, also without waiting and while another question is under way', async () => {
    const { world, outcomes } = projection({ [quick]: 0, [other]: 0 });
    let meanwhile: Promise<unknown> = Promise.resolve();
    world.whenAsked = () => {
      world.whenAsked = () => undefined;
      meanwhile = outcomes.outcomeOf(other, 0);
    };
    expect(await outcomes.outcomeOf(quick, 0)).toBe('confirmed');
    expect(await meanwhile).toBe('confirmed');
  });

  it('is unknown at the deadline, after a last question then', async () => {
    const { world, asked, outcomes } = projection({});
    expect(await outcomes.outcomeOf(slow, 1_530)).toBeUndefined();
    expect(world.nowMs).toBe(1_550);
    expect(asked.at(-1)).toEqual({ atMs: 1_550, orders: [slow] });
  });

  it('is unknown while the database is away, and known when it is back in time', async () => {
    const { world, asked, outcomes } = projection({ [slow]: 0 });
    world.isAway = true;
    world.whenAsked = () => (world.isAway = asked.length < 4);
    expect(await outcomes.outcomeOf(slow, 1_000)).toBe('confirmed');
    world.whenAsked = () => (world.isAway = true);
    expect(await outcomes.outcomeOf(slow, 1_000)).toBeUndefined();
  });

  it('is not waited for beyond a bound of waiters', async () => {
    const { outcomes } = projection({ [quick]: 50 });
    const waiting = Array.from({ length: 2_000 }, () => outcomes.outcomeOf(quick, 5_000));
    expect(await outcomes.outcomeOf(quick, 5_000)).toBeUndefined();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['confirmed']));
  });
});
