import { table } from '../terminal/table.ts';
import { describe, type Agreement } from './compare/agreement.ts';
import { impossibleReasons, type ImpossibleReason } from './impossible.ts';
import type { ReplayPlan } from './plan.ts';
import { duration } from './progress.ts';
import type { RunResult } from './runner.ts';

const linesMax = 200;

/** The answer for a person: what was done, how fast, where the time went, what was impossible, what differs. */
export function replayReport(plan: ReplayPlan, run: RunResult, agreement: Agreement | undefined): string {
  const actions = plan.documents.flatMap((document) => document.actions);
  const count = (kind: string): number => actions.filter((action) => action.kind === kind).length;
  const sections = [
    `${run.documents} of ${plan.documents.length} documents in ${duration(run.seconds)} (${run.documentsPerSecond.toFixed(1)}/s, ${run.retries} requests repeated): ` +
      `${count('order')} orders, ${count('return')} returns, ${count('write-off')} write-offs`,
    timingsTable(run),
    impossibleTable(plan),
    listed('REFUSED', run.failures),
    run.interrupted ? 'interrupted: run it again to go on, nothing is doubled' : verdict(agreement),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

const timingsTable = (run: RunResult): string =>
  table([
    ['REQUEST', 'COUNT', 'P50 MS', 'P95 MS', 'MAX MS'],
    ...Object.entries(run.timings).map(([what, { count, msP50, msP95, msMax }]) => [what, count, msP50, msP95, msMax].map(String)),
  ]);

function impossibleTable(plan: ReplayPlan): string {
  const counts = Object.entries(plan.impossible);
  if (counts.length === 0) return '';
  return table([
    ['IMPOSSIBLE', 'DOCUMENTS', 'LINES', 'UNITS', 'WHY'],
    ...counts.map(([reason, { documents, lines, units }]) => [
      reason,
      String(documents),
      String(lines),
      String(units),
      impossibleReasons[reason as ImpossibleReason],
    ]),
  ]);
}

function verdict(agreement: Agreement | undefined): string {
  if (agreement === undefined) return '';
  const { differences, checksums, seconds } = agreement;
  if (differences.length > 0) return listed(`${differences.length} DIFFERENCES`, differences.map(describe));
  return `no difference: both regions and the provider are what the file says; ${checksums.length} projections have equal checksums (compared in ${duration(seconds)})`;
}

function listed(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const more = lines.length > linesMax ? [`... and ${lines.length - linesMax} more (--json lists all)`] : [];
  return [title, ...lines.slice(0, linesMax), ...more].join('\n');
}
