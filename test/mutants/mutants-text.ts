import type { Mutant } from './mutant.ts';
import { fateInWords, type Trial } from './run-mutants.ts';

export const isProof = (trials: readonly Trial[]): boolean => trials.length > 0 && trials.every(({ fate }) => fate === 'caught');

/** One line a mutant, for a terminal. */
export const listText = (mutants: readonly Mutant[]): string =>
  mutants.map(({ name, file, breaks }) => `${name}\n  ${file}\n  ${breaks}`).join('\n');

export function trialsText(trials: readonly Trial[]): string {
  const width = Math.max(...trials.map(({ mutant }) => mutant.name.length));
  const lines = trials.map(
    (trial) => `${trial.mutant.name.padEnd(width)}  ${trial.seconds.toFixed(0).padStart(4)} s  ${fateInWords(trial)}`,
  );
  return [...lines, summaryOf(trials)].join('\n');
}

export function summaryOf(trials: readonly Trial[]): string {
  const caught = trials.filter(({ fate }) => fate === 'caught').length;
  return `${caught} of ${trials.length} mutants are caught`;
}

export interface TakenOn {
  /** ISO 8601 date. */
  readonly date: string;
  readonly machine: string;
}

/** The table of the docs, with what was seen. */
export function tableText(trials: readonly Trial[], { date, machine }: TakenOn): string {
  const rows = trials.map((trial) => {
    const { mutant } = trial;
    const seen = trial.fate === 'caught' ? `${trial.by}: ${trial.test}` : `**${fateInWords(trial)}**`;
    const said = trial.fate === 'caught' ? trial.message : '';
    return [`\`${mutant.name}\``, `${mutant.breaks} (${mutant.said})`, `\`${mutant.file}\``, seen, said, trial.seconds.toFixed(0)];
  });
  const head = ['mutant', 'what must hold, and no longer does', 'planted in', 'caught by', 'what it said', 's'];
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(inCell).join(' | ')} |`).join('\n');
  return `${summaryOf(trials)} (${date}, ${machine}).\n\n${table}`;
}

/** A cell holds no line break and no bar; what is not between backticks must not be taken for markup. */
const inCell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();

const begin = '<!-- written by `npm run mutants` -->';
const end = '<!-- end of what was written -->';

/** The page with its table replaced. @throws when the page has no place for it */
export function pageWith(page: string, table: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for the table: ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}
