import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

export interface ChaosOptions {
  /** One scenario instead of the matrix. */
  readonly scenario: string | undefined;
  /** Undefined: that of the state which is resumed, else 1. */
  readonly seed: number | undefined;
  /** No scenario is begun after so many. */
  readonly minutes: number | undefined;
  readonly list: boolean;
  readonly resume: string | undefined;
  readonly report: string;
  readonly home: string;
}

const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number, 0 or more, of at most 9 digits.');
  return Number(text);
};
const minutes = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 1_440)) throw new InvalidArgumentError('minutes, more than 0 and at most 1440.');
  return value;
};

/** Exit codes: everything held, something did not, the command line is wrong. */
export const exitCodes = { clean: 0, violation: 1, usage: 2 } as const;

/** The command line, to be given its action. Throws commander's CommanderError for what is wrong with the options: see `exitCodeOf`. */
export function chaosCommand(action: (options: ChaosOptions) => Promise<void>): Command {
  return new Command('chaos')
    .description(
      'Breaks two real regions under load, in every way of the matrix or one, heals them, and checks what their clients were told and what stands. Exit codes: 0 clean, 1 a violation, 2 usage.',
    )
    .option('--scenario <name>', 'only this one: a name of --list, or faults joined by +')
    .option('--seed <n>', 'decides which part, when and how long, and the pairs', whole)
    .option('--minutes <n>', 'begin no scenario after so many', minutes)
    .option('--list', 'say what the matrix is, and run nothing', false)
    .option('--resume <file>', 'the state of the matrix: what is finished there is not run again, and what this run finishes is added')
    .option('--report <folder>', 'where the report goes, as JSON and HTML', 'chaos-report')
    .option('--home <dir>', 'where the system is started', process.env['EVENKEEL_HOME'] ?? join(tmpdir(), 'evenkeel-chaos'))
    .allowExcessArguments(false)
    .showHelpAfterError()
    .exitOverride()
    .action((given: Partial<ChaosOptions> & Pick<ChaosOptions, 'list' | 'report' | 'home'>) =>
      action({ scenario: undefined, seed: undefined, minutes: undefined, resume: undefined, ...given }),
    );
}

/** A wish that fits the options and still cannot be fulfilled: an unknown scenario, another seed than the state's. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
