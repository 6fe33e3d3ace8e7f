import type { HotSkuResult } from './hot-sku/measure-hot-sku.ts';
import type { LimitsResult } from './limits/measure-limits.ts';
import type { MemoryResult } from './measure-memory.ts';
import { median, type LoadResult } from './orders/load-result.ts';
import type { QuietResult } from './orders/measure-quiet.ts';
import type { OrdersSummary } from './orders/order-summary.ts';
import type { RebuildMeasure, RebuildRun } from './rebuild/measure-rebuild.ts';

/** What a run of the bench has measured; what it was not asked for is undefined. */
export interface BenchResult {
  readonly startedAt: string;
  readonly machine: { readonly cores: number; readonly cpu: string; readonly memoryBytes: number; readonly loadAverageBefore: number };
  readonly orders: readonly LoadResult[] | undefined;
  readonly quiet: QuietResult | undefined;
  readonly hotSku: HotSkuResult | undefined;
  readonly limits: LimitsResult | undefined;
  /** On a broker and a PostgreSQL of its own, after the system has stopped. */
  readonly rebuild: RebuildMeasure | undefined;
  readonly memory: MemoryResult | undefined;
  /** What was asked for and could not be measured, and why. */
  readonly failures: readonly string[];
}

/**
 * All that keeps a run from being clean, in words: what could not be measured, errors of orders, voids, and what must never be. While it is not empty the bench ends
 * with exit code 1, whatever its figures are. Pure.
 */
export function troublesOf(result: Omit<BenchResult, 'startedAt' | 'machine'>): readonly string[] {
  const { orders, quiet, hotSku, memory, rebuild, failures } = result;
  const loads = (orders ?? []).flatMap(({ ordersPerSecond, runs }) =>
    runs.flatMap((run, index) => troublesOfOrders(`${ordersPerSecond} orders/s, run ${index + 1}`, run)),
  );
  return [
    ...failures,
    ...loads,
    ...(quiet === undefined ? [] : troublesOfOrders('quiet', quiet.orders)),
    ...(quiet !== undefined && quiet.mirrorVisibleMs === undefined ? ['quiet: no beat was seen through the mirrors'] : []),
    ...(hotSku === undefined ? [] : troublesOfOrders('hot sku', hotSku.orders)),
    ...(hotSku?.violations ?? []).map((what) => `hot sku: ${what}`),
    ...(memory === undefined ? [] : troublesOfOrders('memory', memory.orders)),
    ...(rebuild === undefined ? [] : troublesOfRebuild(rebuild)),
  ];
}

function troublesOfRebuild({ runs, interrupted }: RebuildMeasure): readonly string[] {
  const differing = runs.flatMap((run, index) =>
    run.differing.map((what) => `rebuild, run ${index + 1}: differs from the live tables: ${what}`),
  );
  return interrupted.checksumsEqual ? differing : [...differing, 'rebuild: what was killed and asked for again has other checksums'];
}

/** By its ratio to the raw limit of the same minute. Pure. */
export function medianRebuild({ runs }: Pick<RebuildMeasure, 'runs'>): RebuildRun {
  const middle = median(runs.map(({ ratio }) => ratio));
  return runs.find(({ ratio }) => ratio === middle)!;
}

function troublesOfOrders(where: string, summary: OrdersSummary): readonly string[] {
  const errors = Object.entries(summary.errors).map(([what, count]) => `${where}: ${count} orders ended with ${what}`);
  const isVoid = summary.void === undefined ? [] : [`${where}: VOID, ${summary.void}`];
  return [...isVoid, ...errors, ...summary.violations.map((what) => `${where}: ${what}`)];
}
