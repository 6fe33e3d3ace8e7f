import { sku as skuOf } from '#contracts';
import { eventuallyHolds } from '#test-kit';
import type { BenchSystem } from '../bench-system.ts';
import { measureRun, planOf } from '../orders/measure-orders.ts';
import type { OrderRun } from '../orders/load-result.ts';
import { orderSchedule } from '../orders/order-schedule.ts';
import { reserveAtWriter, type WriterReservations } from './reserve-at-writer.ts';

export interface HotSkuOptions {
  /** Through the API. */
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** At the writer. */
  readonly reservations: number;
}

export interface HotSkuResult {
  /** Orders of one line, placed in both regions, for more units than there are, half of which lie in each region's pool. */
  readonly orders: OrderRun;
  readonly units: number;
  /** Of the units, as both regions show them in the end. */
  readonly reserved: number;
  readonly violations: readonly string[];
  readonly writer: WriterReservations;
}

/** So that about half of the orders are turned down. */
const unitsShare = 0.5;
const shownWithinMs = 60_000;
const pollMs = 250;

/** One sku that everybody wants: first through the API, where HTTP and the checkout are part of it, then at its writer. */
export async function measureHotSku(bench: BenchSystem, options: HotSkuOptions): Promise<HotSkuResult> {
  const { shop, regions } = bench;
  const { ordersPerSecond, seconds, warmUpSeconds, reservations } = options;
  const hot = skuOf(shop.name('hot'));
  const plan = { ...planOf(bench, 'hot', { ordersPerSecond, seconds, warmUpSeconds }), skus: [hot], linesPerOrder: 1 };
  const perRegion = Math.ceil((orderSchedule(plan).length * unitsShare) / regions.length);
  const units = perRegion * regions.length;
  bench.say(`hot sku: ${ordersPerSecond} orders/s for ${units} units`);
  await shop.stock([{ sku: hot, unitPriceMinor: 999, units: Object.fromEntries(regions.map((region) => [region, perRegion])) }]);
  const orders = await measureRun(bench, plan, { allAreConfirmed: false });
  const allAnswered = Object.keys(orders.errors).length === 0;
  const shown = await shownUnits(bench, { sku: hot, units, soldOut: allAnswered });
  bench.say(`hot sku: ${reservations} reservations at its writer`);
  const writer = await reserveAtWriter(bench, reservations);
  const oversold = shown.reserved > units || shown.shipped + shown.reserved + shown.available !== units;
  return {
    orders,
    units,
    reserved: shown.reserved,
    violations: [
      ...(oversold ? [`oversold: ${JSON.stringify(shown)} of ${units} units`] : []),
      ...writer.violations.map((what) => `at the writer: ${what}`),
    ],
    writer,
  };
}

type Units = Awaited<ReturnType<BenchSystem['shop']['availability']>>['total'];

/**
 * Once all regions show the same, nothing is between them, and the last unit is sold, if twice as many were wanted as there were. @throws Error
 * when they do not in time
 */
async function shownUnits(
  { shop, regions }: BenchSystem,
  { sku, units, soldOut }: { readonly sku: string; readonly units: number; readonly soldOut: boolean },
): Promise<Units> {
  let total: Units | undefined;
  await eventuallyHolds(
    async () => {
      const shown = await Promise.all(regions.map(async (region) => (await shop.availability(sku, region)).total));
      const [first, ...others] = shown.map((of) => JSON.stringify(of));
      if (others.some((other) => other !== first)) throw new Error(`regions differ: ${[first, ...others].join(' ')}`);
      total = shown[0];
      if (total!.inTransit > 0 || total!.received !== units) throw new Error(`not at rest yet: ${first}`);
      if (soldOut && total!.available > 0) throw new Error(`not sold out, though more were wanted: ${first}`);
    },
    { withinMs: shownWithinMs, everyMs: pollMs },
  );
  return total!;
}
