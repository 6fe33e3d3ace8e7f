import { setTimeout as delay } from 'node:timers/promises';
import { eventsTopic, services, type OrderId } from '#contracts';
import type { BenchSystem } from '../bench-system.ts';
import { linkBytes, linkBytesBetween, type LinkBytes } from '../machine/link-bytes.ts';
import { rowsWritten } from '../machine/table-rows.ts';
import { rootsOf, UsageWatch } from '../machine/usage-watch.ts';
import type { LoadTask } from './load.protocol.ts';
import { loadResult, type LoadResult, type OrderRun } from './load-result.ts';
import { placeInLogs, readOrderFacts } from './order-facts.ts';
import { type LoadPlan, orderSchedule } from './order-schedule.ts';
import { summarizeOrders } from './order-summary.ts';
import { startLoad } from './start-load.ts';

export interface OrdersOptions {
  /** Orders a second, one load after the other. */
  readonly loads: readonly number[];
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Of each load. They are taken in turn, so that an hour in which the machine is slow strikes all loads alike. */
  readonly runs: number;
}

export const linesPerOrder = 3;
const waitSeconds = 20;
const answerWithinMs = 30_000;
const underWayMax = 3_000;
const outcomesWithinMs = 60_000;

/** Three-line orders at each load, from customers of both regions who each ask their own region's storefront. */
export async function measureOrders(bench: BenchSystem, { loads, runs, ...times }: OrdersOptions): Promise<readonly LoadResult[]> {
  const measured = new Map<number, OrderRun[]>(loads.map((load) => [load, []]));
  for (let run = 1; run <= runs; run++)
    for (const ordersPerSecond of measured.keys()) {
      bench.say(`orders: ${ordersPerSecond}/s, run ${run} of ${runs}`);
      const plan = planOf(bench, `o${ordersPerSecond}-${run}`, { ordersPerSecond, ...times });
      measured.get(ordersPerSecond)!.push(await measureRun(bench, plan, { allAreConfirmed: true }));
    }
  return [...measured].map(([load, of]) => loadResult(load, of));
}

export const planOf = (
  { shop, customers, skus }: BenchSystem,
  name: string,
  times: Pick<LoadPlan, 'ordersPerSecond' | 'seconds' | 'warmUpSeconds'>,
): LoadPlan => ({ name: shop.name(name), ...times, customers, skus, linesPerOrder, seed: 1 });

export const loadTask = ({ storefronts }: BenchSystem, plan: LoadPlan): LoadTask => ({
  plan,
  storefronts,
  waitSeconds,
  answerWithinMs,
  underWayMax,
});

/** One load from beginning to end: resolves when each of its orders has an outcome in the log, or a minute after the last answer. */
export async function measureRun(
  bench: BenchSystem,
  plan: LoadPlan,
  { allAreConfirmed }: { readonly allAreConfirmed: boolean },
): Promise<OrderRun> {
  const { clusters, system } = bench;
  const orders = orderSchedule(plan);
  const place = await placeInLogs(clusters);
  const load = await startLoad(loadTask(bench, plan));
  try {
    const until = (ms: number): Promise<void> => delay(Math.max(0, load.startedAtMs + ms - Date.now()));
    const window = { fromMs: 1000 * plan.warmUpSeconds, toMs: 1000 * (plan.warmUpSeconds + plan.seconds) };
    await until(window.fromMs);
    const before = await countersOf(bench);
    const watch = new UsageWatch(rootsOf(await system.status(), load.pid));
    await until(window.toMs);
    const usage = watch.stop();
    const after = await countersOf(bench);
    const records = await load.finished;
    const acknowledged = new Set<OrderId>();
    for (const { number, answer } of records) if (answer.kind === 'settled') acknowledged.add(orders[number]!.orderId);
    const facts = await readOrderFacts(clusters, place, { orders: acknowledged, withinMs: outcomesWithinMs });
    const summary = summarizeOrders({ orders, records, facts, startedAtMs: load.startedAtMs, window, allAreConfirmed });
    const counted = countedBetween(before, after);
    const confirmed = summary.confirmedPerSecond * plan.seconds;
    return {
      ...summary,
      cpuMsPerOrder: shared(usage.cpuMs, confirmed),
      peakMemoryBytes: usage.peakMemoryBytes,
      linkBytesPerOrder: shared({ ...counted.linkBytes }, confirmed),
      commitsPerSecond: counted.commitsPerSecond,
      rowsPerSecond: counted.rowsPerSecond,
    };
  } finally {
    load.release();
  }
}

/** Infinity of everything when there is nobody to share it. */
const shared = (costs: Readonly<Record<string, number>>, among: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(costs).map(([of, cost]) => [of, cost / among]));

interface Counters {
  readonly atMs: number;
  readonly links: LinkBytes;
  readonly commits: number;
  readonly rows: number;
}

async function countersOf({ system, clusters }: BenchSystem): Promise<Counters> {
  const topics = services.map(eventsTopic);
  const ends = await Promise.all([...clusters.values()].map((cluster) => cluster.describe(topics)));
  const commits = ends.flatMap((of) => [...of.values()].flatMap((topic) => topic.ends)).reduce((a, b) => a + b, 0);
  const [links, rows] = await Promise.all([system.control.links(), rowsWritten(system.topology)]);
  return { atMs: performance.now(), links: linkBytes(links), commits, rows };
}

function countedBetween(before: Counters, after: Counters) {
  const seconds = (after.atMs - before.atMs) / 1000;
  return {
    commitsPerSecond: (after.commits - before.commits) / seconds,
    rowsPerSecond: (after.rows - before.rows) / seconds,
    linkBytes: linkBytesBetween(before.links, after.links),
  };
}
