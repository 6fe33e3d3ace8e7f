import type { OrderId } from '#contracts';
import type { BenchSystem } from './bench-system.ts';
import { usageByPart } from './machine/part-usage.ts';
import { processTable } from './machine/process-table.ts';
import { benchPart, generatorPart, rootsOf } from './machine/usage-watch.ts';
import { loadTask, planOf } from './orders/measure-orders.ts';
import { median } from './orders/load-result.ts';
import { placeInLogs, readOrderFacts } from './orders/order-facts.ts';
import { orderSchedule } from './orders/order-schedule.ts';
import { summarizeOrders, type OrdersSummary } from './orders/order-summary.ts';
import { startLoad } from './orders/start-load.ts';

export interface MemoryOptions {
  /** Orders placed until each look, in ascending order. */
  readonly marks: readonly number[];
  readonly ordersPerSecond: number;
  readonly warmUpSeconds: number;
}

export interface MemoryResult {
  readonly marks: readonly number[];
  /** Bytes by part, one for each mark: the median of the looks in the 20 s before it, for collectors of garbage make it go up and down. */
  readonly bytes: Readonly<Record<string, readonly number[]>>;
  readonly orders: OrdersSummary;
}

export interface MemoryLook {
  readonly atMs: number;
  readonly bytes: Readonly<Record<string, number>>;
}

const lookEveryMs = 2_000;
const lookBackMs = 20_000;
const outcomesWithinMs = 120_000;
/** Not services: they hold what they have measured. */
const ours: ReadonlySet<string> = new Set([benchPart, generatorPart]);

/** Whether the services' memory grows with the number of orders that they have seen: one steady load until the last mark. */
export async function measureMemory(bench: BenchSystem, options: MemoryOptions): Promise<MemoryResult> {
  const { marks, ordersPerSecond, warmUpSeconds } = options;
  const last = marks.at(-1)!;
  bench.say(`memory: ${last} orders at ${ordersPerSecond}/s, about ${Math.ceil(last / ordersPerSecond / 60)} minutes`);
  const plan = planOf(bench, 'memory', { ordersPerSecond, warmUpSeconds, seconds: Math.ceil(last / ordersPerSecond) });
  const orders = orderSchedule(plan);
  const place = await placeInLogs(bench.clusters);
  const load = await startLoad(loadTask(bench, plan));
  try {
    const roots = rootsOf(await bench.system.status(), load.pid);
    const looks: MemoryLook[] = [];
    const look = (): void => {
      const atMs = Date.now() - load.startedAtMs;
      const usage = usageByPart(processTable(), roots);
      looks.push({ atMs, bytes: Object.fromEntries([...usage].map(([part, { memoryBytes }]) => [part, memoryBytes])) });
    };
    const looking = setInterval(look, lookEveryMs);
    const records = await load.finished.finally(() => clearInterval(looking));
    const acknowledged = new Set<OrderId>(
      records.flatMap(({ number, answer }) => (answer.kind === 'settled' ? [orders[number]!.orderId] : [])),
    );
    const facts = await readOrderFacts(bench.clusters, place, { orders: acknowledged, withinMs: outcomesWithinMs });
    const window = { fromMs: 1000 * warmUpSeconds, toMs: 1000 * (warmUpSeconds + plan.seconds) };
    return {
      marks,
      bytes: bytesAtMarks(
        looks,
        marks.map((mark) => orders[mark - 1]!.dueMs),
      ),
      orders: summarizeOrders({ orders, records, facts, startedAtMs: load.startedAtMs, window, allAreConfirmed: true }),
    };
  } finally {
    load.release();
  }
}

/** By part, the median of the looks in the 20 s before each mark; NaN where there was none. Pure. */
export function bytesAtMarks(looks: readonly MemoryLook[], marksMs: readonly number[]): Readonly<Record<string, readonly number[]>> {
  const parts = new Set(looks.flatMap(({ bytes }) => Object.keys(bytes)).filter((part) => !ours.has(part)));
  const at = (part: string, markMs: number): number => {
    const near = looks.filter(({ atMs, bytes }) => atMs <= markMs && atMs > markMs - lookBackMs && bytes[part] !== undefined);
    return near.length === 0 ? Number.NaN : median(near.map(({ bytes }) => bytes[part]!));
  };
  return Object.fromEntries([...parts].map((part) => [part, marksMs.map((markMs) => at(part, markMs))]));
}
