import { Progress } from '../../../apps/operator/src/replay/progress.ts';
import { answerValue, manyText, oneText, troublesOf } from './report-text.ts';
import { runMany } from './run-many.ts';
import { runOne } from './run-one.ts';
import { farTooLongMs as endsWithinMs } from './seed.pool.ts';
import { exitCodeOf, optionsFrom, type ManyOptions, type OneOptions } from './simulate-options.ts';
import type { SimulatedWorld } from './world.port.ts';

export interface CommandParts {
  readonly world: URL;
  /** Of the same module. */
  readonly tables: Omit<SimulatedWorld, 'simulate'>;
  readonly print: (text: string) => void;
  /** How far it is, and what was wrong with the options. */
  readonly say: (text: string) => void;
  readonly isTerminal: boolean;
  readonly interrupted: AbortSignal;
}

const exitCodeOfInterrupted = 130;

/** `npm run simulate`. Its exit code. @throws what a thread died of */
export async function simulateCommand(args: readonly string[], parts: CommandParts): Promise<number> {
  const options = optionsOrExitCode(args, parts);
  if (typeof options === 'number') return options;
  return options.kind === 'one' ? await one(options, parts) : await many(options, parts);
}

function optionsOrExitCode(args: readonly string[], { print, say }: CommandParts): OneOptions | ManyOptions | number {
  try {
    return optionsFrom(args, { out: print, err: say });
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    return exitCode;
  }
}

async function one(options: OneOptions, { world, print, say, interrupted }: CommandParts): Promise<number> {
  const onExplain = (): void => say(making(1, options));
  const run = await runOne(options, { world, endsWithinMs, signal: interrupted }, onExplain);
  if (run === undefined) return exitCodeOfInterrupted;
  print(options.json ? answerValue(run) : oneText(run));
  return run.result.violations.length === 0 ? 0 : 1;
}

async function many(options: ManyOptions, { world, tables, print, say, isTerminal, interrupted }: CommandParts): Promise<number> {
  const nowMs = (): number => performance.now();
  const everyMs = isTerminal ? 500 : 10_000;
  const progress = new Progress({ total: options.seeds, unit: 'seeds', write: say, isTerminal, everyMs, nowMs });
  const ticking = setInterval(() => progress.tick(), everyMs);
  const onExplain = (failures: number): void => say(`\n${making(failures, options)}`);
  const parts = { world, tables, nowMs, onDone: () => progress.done(), onExplain, interrupted, endsWithinMs };
  const runs = await runMany(options, parts).finally(() => clearInterval(ticking));
  progress.end();
  print(options.json ? answerValue({ ...runs, troubles: troublesOf(runs) }) : manyText(tables, runs));
  if (runs.endedBy === 'interruption') return exitCodeOfInterrupted;
  return runs.failures.length === 0 && troublesOf(runs).length === 0 ? 0 : 1;
}

const making = (failures: number, { shrinkRuns }: OneOptions | ManyOptions): string =>
  `making ${failures} failed ${failures === 1 ? 'run' : 'runs'} small, in at most ${shrinkRuns} runs each\n`;
