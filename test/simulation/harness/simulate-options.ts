import { availableParallelism } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { regionSchema } from '#contracts';
import { faultKinds, type ScheduledFault } from '../run/faults.ts';
import { shapes, type ShapeName } from '../run/simulation.ts';

interface Either {
  /** Of each safety phase. */
  readonly steps: number;
  readonly shape: ShapeName | undefined;
  /** With which a failing run may be made small; 0: it is shown as it is. */
  readonly shrinkRuns: number;
  readonly json: boolean;
}

export interface OneOptions extends Either {
  readonly kind: 'one';
  readonly seed: number;
  readonly faults: readonly ScheduledFault[] | undefined;
  /** The whole trace, not the events that matter. */
  readonly trace: boolean;
}

export interface ManyOptions extends Either {
  readonly kind: 'many';
  readonly seeds: number;
  readonly from: number;
  /** After which no further seed begins. */
  readonly minutes: number | undefined;
  readonly keepGoing: boolean;
  readonly threads: number;
  /** Every so manieth seed is run twice; 0: none. */
  readonly againEvery: number;
}

export type SimulateOptions = OneOptions | ManyOptions;

/** Of seeds: from 0 to below this. */
const seedsEnd = 2 ** 32;

function numberFrom(least: number, below: number, isWhole: boolean): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= least && value < below && (!isWhole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`It takes a ${isWhole ? 'whole ' : ''}number from ${least} to below ${below}.`);
  };
}
const whole = (least: number, below: number) => numberFrom(least, below, true);

const faultsSchema = z.array(
  z.object({
    atStep: z.int().min(0),
    fault: z.enum(faultKinds),
    region: regionSchema,
    argument: z
      .int()
      .min(0)
      .max(2 ** 20 - 1),
  }),
);

function faultsOf(text: string): readonly ScheduledFault[] {
  try {
    return faultsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new InvalidArgumentError(
      `It takes a list of faults as JSON: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`,
    );
  }
}

/** @throws CommanderError for what it cannot read, with the option in its message, after it was printed */
export function optionsFrom(
  args: readonly string[],
  print: { out?: (text: string) => void; err?: (text: string) => void } = {},
): SimulateOptions {
  const ofMany = ['from', 'minutes', 'keepGoing', 'threads', 'againEvery'];
  const command = new Command('simulate')
    .description(
      'Both regions in one process under virtual time, a run for each seed. Exit code 0: nothing broken; 1: something was, or of more than 300 seeds ' +
        'none reached a pair of fault and step; 2: options that cannot be read; 130: interrupted.',
    )
    .addOption(new Option('--seed <n>', 'repeat this one run exactly').argParser(whole(0, seedsEnd)).conflicts(['seeds', ...ofMany]))
    .addOption(new Option('--seeds <n>', 'run so many, on all cores').argParser(whole(1, seedsEnd)))
    .addOption(new Option('--from <seed>', 'the first of --seeds').argParser(whole(0, seedsEnd)).default(undefined, '1'))
    .addOption(new Option('--minutes <n>', 'begin no further seed after that').argParser(numberFrom(0, 1e6, false)))
    .addOption(new Option('--keep-going', 'not only to the first failure'))
    .addOption(new Option('--threads <n>', 'in which seeds run').argParser(whole(1, 1025)).default(undefined, 'one for each core'))
    .addOption(
      new Option('--again-every <n>', 'run every nth seed twice and compare; 0: none')
        .argParser(whole(0, seedsEnd))
        .default(undefined, '100'),
    )
    .addOption(new Option('--steps <n>', 'of the safety phase').argParser(whole(1, 1e7)).default(2_000))
    .addOption(new Option('--shape <shape>', 'not the one that each seed draws').choices(shapes))
    .addOption(new Option('--faults <json>', 'exactly these, not those that the seed draws').argParser(faultsOf).conflicts('seeds'))
    .addOption(new Option('--trace', 'print all of the trace').conflicts('seeds'))
    .addOption(new Option('--shrink-runs <n>', 'to make a failing run small; 0: none').argParser(whole(0, 1e6)).default(300))
    .addOption(new Option('--json', 'answer with one JSON value').default(false))
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists all options)')
    .exitOverride()
    .configureOutput({ ...(print.out && { writeOut: print.out }), ...(print.err && { writeErr: print.err }) });
  command.parse(args, { from: 'user' });
  const given = command.opts<{
    readonly seed?: number;
    readonly seeds?: number;
    readonly from?: number;
    readonly minutes?: number;
    readonly keepGoing?: true;
    readonly threads?: number;
    readonly againEvery?: number;
    readonly steps: number;
    readonly shape?: ShapeName;
    readonly faults?: readonly ScheduledFault[];
    readonly trace?: true;
    readonly shrinkRuns: number;
    readonly json: boolean;
  }>();
  const { seed, seeds, from = 1, steps, shape, shrinkRuns, json } = given;
  const either: Either = { steps, shape, shrinkRuns, json };
  if (seed !== undefined) return { kind: 'one', seed, faults: given.faults, trace: given.trace ?? false, ...either };
  if (seeds === undefined) return command.error("error: either option '--seed <n>' or option '--seeds <n>' is needed");
  if (from + seeds > seedsEnd) return command.error(`error: option '--from <seed>' leaves no room for ${seeds} seeds below ${seedsEnd}`);
  return {
    kind: 'many',
    seeds,
    from,
    minutes: given.minutes,
    keepGoing: given.keepGoing ?? false,
    threads: given.threads ?? availableParallelism(),
    againEvery: given.againEvery ?? 100,
    ...either,
  };
}

/** 0 for `--help`, which is no failure; undefined for what is none of commander's. */
export function exitCodeOf(error: unknown): number | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  return error.exitCode === 0 ? 0 : 2;
}
