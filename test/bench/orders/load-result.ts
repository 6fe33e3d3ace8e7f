import type { Percentiles } from '../../../apps/operator/src/drill/measures/percentiles.ts';
import type { OrdersSummary } from './order-summary.ts';

/** One run at one load: what its orders met, and what it cost. */
export interface OrderRun extends OrdersSummary {
  /** Of the window, by part, for each order that was confirmed in it: what the system has spent on others is part of the price. */
  readonly cpuMsPerOrder: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: Readonly<Record<string, number>>;
  /** The same, by what crosses. */
  readonly linkBytesPerOrder: Readonly<Record<string, number>>;
  /** Commits appended to the events topics of all regions. */
  readonly commitsPerSecond: number;
  /** Rows that all regions' PostgreSQLs have inserted, updated and deleted. */
  readonly rowsPerSecond: number;
}

/** Of several values the middle one, of an even number the lower of the two: always one that was measured. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const value = values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1];
  if (value === undefined) throw new RangeError('no median of nothing');
  return value;
}

export type MedianRun = Pick<
  OrderRun,
  'offeredPerSecond' | 'placedPerSecond' | 'answeredPerSecond' | 'confirmedPerSecond' | 'commitsPerSecond' | 'rowsPerSecond'
> &
  Pick<OrderRun, 'settledMs' | 'confirmedMs' | 'latenessMs' | 'cpuMsPerOrder' | 'peakMemoryBytes' | 'linkBytesPerOrder'> & {
    /** Held for the whole window by the median of its runs: as many confirmed as offered, the slowest hundredth settled in a second. */
    readonly held: boolean;
  };

export interface LoadResult {
  readonly ordersPerSecond: number;
  readonly runs: readonly OrderRun[];
  /** Of each figure by itself, over the runs that are not void; undefined when all are. */
  readonly median: MedianRun | undefined;
}

/** Of the offered load: what is under way at both ends of a window makes some difference. */
const keptUpShare = 0.97;
export const settledP99MaxMs = 1_000;

/** Judges a load by its runs. Pure. */
export function loadResult(ordersPerSecond: number, runs: readonly OrderRun[]): LoadResult {
  const valid = runs.filter((run) => run.void === undefined);
  if (valid.length === 0) return { ordersPerSecond, runs, median: undefined };
  const of = (value: (run: OrderRun) => number): number => median(valid.map(value));
  const settledMs = medianPercentiles(valid.map((run) => run.settledMs));
  const confirmedPerSecond = of((run) => run.confirmedPerSecond);
  const clean = valid.every(({ errors, violations }) => Object.keys(errors).length === 0 && violations.length === 0);
  return {
    ordersPerSecond,
    runs,
    median: {
      offeredPerSecond: of((run) => run.offeredPerSecond),
      placedPerSecond: of((run) => run.placedPerSecond),
      answeredPerSecond: of((run) => run.answeredPerSecond),
      confirmedPerSecond,
      commitsPerSecond: of((run) => run.commitsPerSecond),
      rowsPerSecond: of((run) => run.rowsPerSecond),
      settledMs,
      confirmedMs: medianPercentiles(valid.map((run) => run.confirmedMs)),
      latenessMs: medianPercentiles(valid.map((run) => run.latenessMs)),
      cpuMsPerOrder: medianRecord(valid.map((run) => run.cpuMsPerOrder)),
      peakMemoryBytes: medianRecord(valid.map((run) => run.peakMemoryBytes)),
      linkBytesPerOrder: medianRecord(valid.map((run) => run.linkBytesPerOrder)),
      held: clean && confirmedPerSecond >= keptUpShare * ordersPerSecond && settledMs !== undefined && settledMs.p99 <= settledP99MaxMs,
    },
  };
}

/** The load with the most confirmed orders a second, held or not; undefined when all runs of all loads are void. Pure. */
export function fastestLoad(loads: readonly LoadResult[]): (LoadResult & { readonly median: MedianRun }) | undefined {
  const judged = loads.filter((load): load is LoadResult & { readonly median: MedianRun } => load.median !== undefined);
  return judged.toSorted((a, b) => b.median.confirmedPerSecond - a.median.confirmedPerSecond)[0];
}

function medianPercentiles(all: readonly (Percentiles | undefined)[]): Percentiles | undefined {
  const given = all.filter((one) => one !== undefined);
  if (given.length === 0) return undefined;
  const of = (name: keyof Percentiles): number => median(given.map((one) => one[name]));
  return { count: of('count'), p50: of('p50'), p95: of('p95'), p99: of('p99'), max: of('max') };
}

function medianRecord(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const names = new Set(all.flatMap((one) => Object.keys(one)));
  return Object.fromEntries([...names].map((name) => [name, median(all.map((one) => one[name] ?? 0))]));
}
