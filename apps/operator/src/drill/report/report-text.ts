import { table } from '../../terminal/table.ts';
import type { Percentiles } from '../measures/percentiles.ts';
import type { DrillReport } from './drill-report.ts';

const seconds = (ms: number): string => (ms === Infinity ? 'never' : `${(ms / 1000).toFixed(2)} s`);
const spread = (of: Percentiles | undefined): readonly string[] =>
  of === undefined ? ['-', '-', '-', '-'] : [of.p50, of.p95, of.p99, of.max].map(seconds);

/** The report for a terminal: what was promised, what was measured, what is wrong. */
export function reportText({
  plan,
  sound,
  problems,
  loss,
  kinds,
  homeComing,
  stranded,
  checks,
  steps,
  writePauseMs,
  notes,
}: DrillReport): string {
  const offered = stranded.filter(({ offered: what }) => what === 'offered').length;
  return [
    `${plan.fault} ${plan.region} under ${plan.ordersPerSecond} orders/s for ${plan.seconds} s: ${sound ? 'every invariant holds' : 'BROKEN'}`,
    problems.join('\n'),
    `RPO: ${loss.lost.length} of ${loss.acknowledged} acknowledged orders lost, ${loss.seconds.toFixed(2)} s`,
    table([
      ['CLIENTS', 'RTO P50', 'P95', 'P99', 'MAX', 'OBJECTIVE', 'ORDERS', 'ACKNOWLEDGED', 'REFUSED', 'UNKNOWN', 'ERRORS SEEN'],
      ...kinds.map((of) => [
        of.kind,
        ...spread(of.recoveryMs),
        `${seconds(of.objectiveMs)} ${of.objectiveMet ? 'met' : 'MISSED'}`,
        ...[of.orders, of.acknowledged, of.refused, of.unknown, of.errorsSeen].map(String),
      ]),
    ]),
    homeComing.home
      ? `paired again and everything at home ${seconds(homeComing.sinceRemedyMs)} after the remedy`
      : `not everything came home: ${homeComing.missing}`,
    writePauseMs === undefined
      ? ''
      : `write pause of ${writePauseMs.count} closed shards: p50 ${Math.round(writePauseMs.p50)} ms, p95 ${Math.round(writePauseMs.p95)} ms, max ${Math.round(writePauseMs.max)} ms`,
    `${stranded.length} stranded commits, ${offered} offered again; ${steps.length} entries of history`,
    table([
      ['INVARIANT', ''],
      ...checks.map(({ promise, violations }) => [violations.length === 0 ? 'holds' : `BROKEN ${violations.length}`, promise]),
    ]),
    checks
      .flatMap(({ violations }) => violations.slice(0, 3))
      .map(({ where, what }) => `${where}: ${what}`)
      .join('\n'),
    notes.join('\n'),
  ]
    .filter((section) => section !== '')
    .join('\n\n');
}
