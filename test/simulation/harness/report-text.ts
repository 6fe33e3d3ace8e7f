import { duration } from '../../../apps/operator/src/replay/progress.ts';
import { table } from '../../../apps/operator/src/terminal/table.ts';
import type { ScheduledFault, SimulationResult } from '../run/simulation.ts';
import { coverageText } from './coverage.ts';
import type { Failure, ManyRuns } from './run-many.ts';
import type { OneRun } from './run-one.ts';
import type { Explanation } from './seed-job.ts';
import type { SimulatedWorld } from './world.port.ts';

const number = (of: number): string => of.toLocaleString('en');
const sections = (of: readonly string[]): string => of.filter((section) => section !== '').join('\n\n');

/** Above this many seeds a pair that none reached is a failure. */
const seedsThatReachAll = 300;

/** One JSON value; of a coverage, an object. */
export const answerValue = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? Object.fromEntries(each) : each));

/** One run for a person: its hash, its counts, and why it fails. */
export function oneText({ options, result, explanation }: OneRun): string {
  return sections([
    (result.trace ?? []).join('\n'),
    `seed ${result.seed}, ${result.shape}, ${number(result.steps)} steps, ${result.faults.length} faults: trace ${result.traceHash}`,
    countsText(result.counts),
    result.violations.length === 0 ? 'nothing broken' : failureText({ failed: result, explanation }, !options.trace),
  ]);
}

/** Runs of many seeds for a person. The failures stand last: whoever keeps only the end still sees them. */
export function manyText(tables: Omit<SimulatedWorld, 'simulate'>, runs: ManyRuns): string {
  const { options, seeds, steps, seconds, seedsByShape, repeated, coverage, failures, endedBy } = runs;
  const shapes = Object.entries(seedsByShape).map(([shape, count]) => `${shape} ${number(count)}`);
  const early = endedBy === 'all seeds' ? '' : `, ended by ${endedBy}`;
  return sections([
    `${number(seeds)} of ${number(options.seeds)} seeds from ${options.from} (${shapes.join(', ')})${early}: ${number(steps)} steps in ${duration(seconds)}, ` +
      `${(seeds / seconds).toFixed(1)} seeds/s in ${options.threads} threads; ${number(repeated)} run twice`,
    countsText(runs.counts),
    coverageText(tables, coverage),
    failures.length === 0 ? 'nothing broken' : failuresText(runs),
    ...troublesOf(runs),
  ]);
}

/** Of each seed that broke something, what and why; last, all of them. Empty: none did. */
export const failuresText = ({ failures }: Pick<ManyRuns, 'failures'>): string =>
  failures.length === 0
    ? ''
    : sections([
        ...failures.map((failure) => failureText(failure, true)),
        `${failures.length} SEEDS BROKE SOMETHING: ${failures.map(({ failed }) => failed.seed).join(' ')}`,
      ]);

/** What makes the answer 1 though no seed failed. */
export function troublesOf({ options, seeds, coverage, endedBy }: ManyRuns): readonly string[] {
  const { unreached, refuted } = coverage;
  const isWhole = seeds > seedsThatReachAll && options.shape === undefined && endedBy !== 'a failure';
  return [
    ...(isWhole && unreached.length > 0 ? [`${unreached.length} pairs of fault and step were never reached`] : []),
    ...(refuted.length > 0 ? [`${refuted.length} pairs that are said to be impossible were reached`] : []),
  ];
}

function failureText({ failed, explanation }: Failure, withEvents: boolean): string {
  const { seed, shape, steps, faults, traceHash } = failed;
  return sections([
    `seed ${seed} (${shape}, ${number(steps)} steps, ${faults.length} faults, trace ${traceHash}) BROKE`,
    violationsText(failed),
    explanation === undefined
      ? `all of it: npm run simulate -- --seed ${seed} --steps ${steps} --shape ${shape}`
      : smallText(failed, explanation),
    explanation === undefined || !withEvents ? '' : ['events that matter', ...explanation.events].join('\n  '),
  ]);
}

const violationsText = ({ violations }: SimulationResult): string =>
  violations.map(({ property, what }) => `  ${property}: ${what}`).join('\n');

function smallText({ seed, shape, steps, faults }: SimulationResult, small: Explanation): string {
  const again = `npm run simulate -- --seed ${seed} --steps ${small.steps} --shape ${shape}`;
  if (small.isSmaller === 'not')
    return `given the ${faults.length} faults that it reports as its own it breaks nothing of the kind: it cannot be made small\n  ${again}`;
  return [
    `shrunk from ${faults.length} faults to ${small.faults.length}, from ${number(steps)} steps to ${number(small.steps)}, in ${small.runs} runs: ${small.isSmaller}`,
    scheduleText(small.faults),
    `${again} --faults '${JSON.stringify(small.faults)}'`,
    small.result.violations.map(({ property, what }) => `${property}: ${what}`).join('\n  '),
  ]
    .filter((line) => line !== '')
    .join('\n  ');
}

const scheduleText = (faults: readonly ScheduledFault[]): string =>
  table(faults.map(({ atStep, fault, region, argument }) => [`step ${atStep}`, fault, region, String(argument)])).replaceAll('\n', '\n  ');

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${number(count)}`)
    .join(', ');
