import { table } from '../../../apps/operator/src/terminal/table.ts';
import type { Percentiles } from '../../../apps/operator/src/drill/measures/percentiles.ts';
import { medianRebuild, troublesOf, type BenchResult } from '../bench-result.ts';
import { byKind } from '../machine/part-usage.ts';
import { fastestLoad, type LoadResult, type MedianRun } from '../orders/load-result.ts';
import { ratios } from './ratios.ts';

const rate = (value: number): string => (value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
const spread = (of: Percentiles | undefined): readonly string[] =>
  [of?.p50, of?.p95, of?.p99].map((ms) => (ms === undefined ? '-' : Number.isFinite(ms) ? ms.toFixed(0) : 'never'));
const times = (of: Percentiles | undefined): string => `${spread(of).join(' / ')} ms`;

/** For a person: a section for each measurement, then the ratios, and last whatever was not as it should be. Pure. */
export function benchText(result: BenchResult): string {
  const { machine, startedAt } = result;
  const troubles = troublesOf(result);
  return [
    `${startedAt}: ${machine.cores} cores (${machine.cpu}), load average before: ${machine.loadAverageBefore.toFixed(1)}`,
    ...ordersSections(result.orders),
    ...quietSection(result),
    ...hotSkuSection(result),
    ...limitsSection(result),
    ...rebuildSection(result),
    ...memorySection(result),
    ...ratiosSection(result),
    troubles.length === 0 ? 'clean: no error, no void run, nothing lost, doubled or oversold' : ['NOT CLEAN', ...troubles].join('\n  '),
  ].join('\n\n');
}

function ordersSections(orders: readonly LoadResult[] | undefined): readonly string[] {
  if (orders === undefined) return [];
  const rows = orders.map(({ ordersPerSecond, runs, median }) => {
    const errors = runs.reduce((sum, run) => sum + Object.values(run.errors).reduce((a, b) => a + b, 0), 0);
    const of = runs.filter((run) => run.void === undefined).length;
    if (median === undefined) return [String(ordersPerSecond), `${of}/${runs.length}`, 'VOID'];
    return [
      String(ordersPerSecond),
      `${of}/${runs.length}`,
      rate(median.placedPerSecond),
      rate(median.answeredPerSecond),
      rate(median.confirmedPerSecond),
      String(errors),
      ...spread(median.settledMs),
      ...spread(median.confirmedMs),
      median.latenessMs?.p99.toFixed(0) ?? '-',
      rate(sum(median.cpuMsPerOrder)),
      median.held ? 'yes' : 'no',
    ];
  });
  const head = ['OFFERED/S', 'RUNS', 'PLACED/S', 'ANSWERED/S', 'CONFIRMED/S', 'ERRORS'];
  const percentileHead = (of: string): readonly string[] => [`${of} P50`, 'P95', 'P99'];
  const headers = [...head, ...percentileHead('SETTLED MS'), ...percentileHead('CONFIRMED MS'), 'LATE P99', 'CPU MS/ORDER', 'HELD'];
  const shown = fastestLoad(orders);
  return [
    `orders of three lines, both regions, medians of the runs\n${table([headers, ...rows])}`,
    ...(shown === undefined ? [] : [costSection(`at ${shown.ordersPerSecond} orders/s`, shown.median)]),
  ];
}

function costSection(where: string, of: MedianRun): string {
  const cpu = byKind(of.cpuMsPerOrder);
  const memory = of.peakMemoryBytes;
  const largest = (kind: string): number =>
    Math.max(...Object.entries(memory).map(([part, bytes]) => (Object.keys(byKind({ [part]: 1 }))[0] === kind ? bytes : 0)));
  const rows = Object.entries(cpu).map(([kind, ms]) => [kind, ms.toFixed(2), megabytes(largest(kind))]);
  const bytes = Object.entries(of.linkBytesPerOrder).map(([use, count]) => `${use} ${rate(count)}`);
  return [
    `${where}: processor time for each confirmed order (all of a kind together; ms an order are s per 1,000), peak memory (the largest of a kind)`,
    table([['PROCESS', 'CPU MS/ORDER', 'PEAK MB'], ...rows, ['all', rate(sum(of.cpuMsPerOrder)), megabytes(sum(memory))]]),
    `bytes across the link for each confirmed order: ${bytes.join(', ')}, together ${rate(sum(of.linkBytesPerOrder))}`,
  ].join('\n');
}

const sum = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((a, b) => a + b, 0);

function quietSection({ quiet }: BenchResult): readonly string[] {
  if (quiet === undefined) return [];
  const { mirrorVisibleMs, idle, orders } = quiet;
  const cores = Object.entries(byKind(idle.cpuMsPerSecond)).map(([kind, ms]) => `${kind} ${ms.toFixed(0)}`);
  return [
    [
      `quiet system, p50 / p95 / p99`,
      `  visible through a mirror  ${times(mirrorVisibleMs)} (${mirrorVisibleMs?.count ?? 0} beats)`,
      `  settled                   ${times(orders.settledMs)} (${orders.settledMs?.count ?? 0} orders)`,
      `  confirmed                 ${times(orders.confirmedMs)} (${orders.confirmedMs?.count ?? 0} orders)`,
      `  without any order         ${sum(idle.cpuMsPerSecond).toFixed(0)} CPU ms/s (${cores.join(', ')}), ${rate(sum(idle.linkBytesPerSecond))} link bytes/s`,
    ].join('\n'),
  ];
}

function hotSkuSection({ hotSku }: BenchResult): readonly string[] {
  if (hotSku === undefined) return [];
  const { orders, units, reserved, writer } = hotSku;
  return [
    [
      'one sku wanted by everybody',
      `  by the API: ${rate(orders.offeredPerSecond)} orders/s offered, ${reserved} of ${units} units reserved; settled ${times(orders.settledMs)}, outcome known ${times(orders.confirmedMs)}`,
      `  at its writer: ${rate(writer.decidedPerSecond)} reservations/s decided (${writer.reserved} of ${writer.units} units, ${writer.rejected} turned down), shown in both regions after ${writer.shownAfterSeconds.toFixed(1)} s`,
    ].join('\n'),
  ];
}

function limitsSection({ limits }: BenchResult): readonly string[] {
  if (limits === undefined) return [];
  const { append, consume, upserts, route } = limits;
  return [
    [
      'raw limits, nothing of ours around them',
      `  kafkajs append      ${rate(append.recordsPerSecond)} records/s in batches of 1,000; one at a time ${times(append.singleMs)}`,
      `  kafkajs consume     ${rate(consume.recordsPerSecond)} records/s (${consume.records} in ${consume.seconds.toFixed(1)} s)`,
      `  unnest upserts      ${rate(upserts.insertsPerSecond)} rows/s inserted, ${rate(upserts.updatesPerSecond)} updated`,
      `  bare Fastify route  ${rate(route.requestsPerSecond)} requests/s, ${route.serverCpuMsPerRequest.toFixed(2)} CPU ms each`,
    ].join('\n'),
  ];
}

function rebuildSection({ rebuild }: BenchResult): readonly string[] {
  if (rebuild === undefined) return [];
  const { eventsPerSecond, seconds, peakMemory, liveReads } = medianRebuild(rebuild);
  return [
    [
      `rebuild of all projections of a region, ${rebuild.events} events of ${rebuild.orders} orders, the middle one of ${rebuild.runs.length} runs`,
      `  ${rate(eventsPerSecond)} events/s, ${seconds.toFixed(1)} s, at most ${megabytes(peakMemory)} MB in a process`,
      `  ${liveReads.count} reads of the live tables meanwhile, the slowest ${liveReads.slowestMs.toFixed(0)} ms`,
      `  from no tables at all: ${rebuild.healedSeconds.toFixed(1)} s; killed at ${(100 * rebuild.interrupted.killedAt).toFixed(0)}%, it ${rebuild.interrupted.resumed ? 'went on where it was' : 'began anew'}`,
    ].join('\n'),
  ];
}

function memorySection({ memory }: BenchResult): readonly string[] {
  if (memory === undefined) return [];
  const rows = Object.entries(memory.bytes).map(([part, bytes]) => [
    part,
    ...bytes.map((at) => (Number.isNaN(at) ? '-' : megabytes(at))),
    bytes.some(Number.isNaN) ? '-' : (bytes.at(-1)! / bytes[0]!).toFixed(2),
  ]);
  return [`memory after so many orders, MB\n${table([['PROCESS', ...memory.marks.map(String), 'LAST/FIRST'], ...rows])}`];
}

function ratiosSection(result: BenchResult): readonly string[] {
  const rows = ratios(result).map(({ what, ours, limit, unit, ratio, better }) => [
    what,
    `${rate(ours)} ${unit}`,
    `${rate(limit)} ${unit}`,
    ratio.toPrecision(2),
    better,
  ]);
  return rows.length === 0 ? [] : [`ratios to the limits\n${table([['WHAT', 'OURS', 'LIMIT', 'RATIO', 'BETTER'], ...rows])}`];
}
