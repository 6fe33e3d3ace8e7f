import type { SuiteName } from './catchers.ts';
import type { Mutant } from './mutant.ts';
import type { Verdict } from './catcher-report.ts';

export type Fate =
  | { readonly fate: 'caught'; readonly by: SuiteName; readonly test: string; readonly message: string }
  | { readonly fate: 'survived' }
  /** Neither: it did not load, or did not end. It counts as not caught. */
  | { readonly fate: 'unclear'; readonly because: string };

export type Trial = { readonly mutant: Mutant; readonly seconds: number } & Fate;

export interface MutantRun {
  /** The tree, and the bugs that are put into it one at a time. */
  readonly tree: { with<T>(mutant: Mutant, trial: () => Promise<T>): Promise<T> };
  run(suite: SuiteName, withinMs: number): Promise<Verdict & { readonly seconds: number }>;
  say(line: string): void;
}

/** The tree without any bug fails: nothing that is caught in it would prove anything. */
export class BrokenTreeError extends Error {
  override readonly name = 'BrokenTreeError';
}

const soundWithinMs = 900_000;
/** A suite with a bug in it may take so many times as long as without; a machine that others use too adds to it. */
const patience = 4;
const patienceMs = 120_000;

/** Each mutant in turn, after the suites have passed without any. @throws BrokenTreeError, StaleMutantError */
export async function runMutants(mutants: readonly Mutant[], { tree, run, say }: MutantRun): Promise<readonly Trial[]> {
  const withinMs = new Map<SuiteName, number>();
  for (const suite of new Set(mutants.flatMap(({ caughtBy }) => caughtBy))) {
    const sound = await run(suite, soundWithinMs);
    if (sound.verdict !== 'passed') throw new BrokenTreeError(`without any mutant, ${suite} fails: ${inWords(sound)}`);
    say(`without any mutant, ${suite} passes (${sound.tests} tests, ${sound.seconds.toFixed(0)} s)`);
    withinMs.set(suite, sound.seconds * 1_000 * patience + patienceMs);
  }
  const trials: Trial[] = [];
  for (const mutant of mutants) {
    const trial = await tree.with(mutant, () => tryOne(mutant, (suite) => run(suite, withinMs.get(suite)!)));
    trials.push(trial);
    say(`${trials.length}/${mutants.length} ${mutant.name}: ${fateInWords(trial)} (${trial.seconds.toFixed(0)} s)`);
  }
  return trials;
}

async function tryOne(mutant: Mutant, run: (suite: SuiteName) => Promise<Verdict & { readonly seconds: number }>): Promise<Trial> {
  let seconds = 0;
  let unclear: string | undefined;
  for (const suite of mutant.caughtBy) {
    const ran = await run(suite);
    seconds += ran.seconds;
    if (ran.verdict === 'failed') return { mutant, seconds, fate: 'caught', by: suite, test: ran.test, message: ran.message };
    if (ran.verdict === 'unclear') unclear ??= `${suite}: ${ran.because}`;
  }
  return unclear === undefined ? { mutant, seconds, fate: 'survived' } : { mutant, seconds, fate: 'unclear', because: unclear };
}

export const inWords = (verdict: Verdict): string =>
  verdict.verdict === 'passed'
    ? `${verdict.tests} tests pass`
    : verdict.verdict === 'failed'
      ? `${verdict.test}: ${verdict.message}`
      : verdict.because;

export const fateInWords = (trial: Fate): string =>
  trial.fate === 'caught' ? `caught by ${trial.by}, ${trial.test}` : trial.fate === 'unclear' ? `unclear: ${trial.because}` : 'SURVIVED';
