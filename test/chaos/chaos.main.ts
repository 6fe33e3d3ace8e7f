/** `npm run chaos`: see docs/adr/0032-chaos-on-the-real-thing.md. How far it is goes to standard error. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { projectRoot } from '#embedded-runtime';
import { chaosCommand, exitCodes, UsageError, type ChaosOptions } from './plan/chaos-options.ts';
import { matrixOf, scenarioNamed } from './plan/matrix.ts';
import { leftOf, readState, type ResumeState } from './plan/resume-state.ts';
import type { Scenario } from './plan/scenario.ts';
import { inWords, inOneLine } from './report/chaos-text.ts';
import { runMatrix } from './run/run-matrix.ts';

const seedByDefault = 1;
const regions = ['east', 'west'] as const;

async function chaos(options: ChaosOptions): Promise<void> {
  const state = await stateOf(options);
  const scenarios = scenariosOf(options, state.seed);
  if (options.list) {
    for (const scenario of scenarios) console.log(inWords(scenario));
    return;
  }
  if (!existsSync(join(projectRoot(), 'dist', 'processes'))) throw new Error('chaos breaks what was built: `npm run build` first');
  const startedMs = performance.now();
  const say = (line: string): void => console.error(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const left = options.scenario === undefined ? leftOf(scenarios, state) : scenarios;
  say(`seed ${state.seed}; ${scenarios.length - left.length} of ${scenarios.length} scenarios are finished`);
  const finished = await runMatrix({ ...options, scenarios: left, state, say, signal: interrupt.signal });
  for (const report of finished.finished) console.log(inOneLine(report));
  const clean = finished.finished.every(({ verdict }) => verdict === 'held' || verdict === 'not-run');
  process.exitCode = clean && finished.finished.length > 0 ? exitCodes.clean : exitCodes.violation;
}

/** What an earlier run has finished, if it is to be gone on with. @throws UsageError when the seeds differ */
async function stateOf({ resume, seed }: ChaosOptions): Promise<ResumeState> {
  const found = resume === undefined ? undefined : await readState(resume);
  if (found !== undefined && seed !== undefined && seed !== found.seed)
    throw new UsageError(`${resume} is of seed ${found.seed}, not ${seed}: another seed is another matrix`);
  return found ?? { seed: seed ?? seedByDefault, finished: [] };
}

function scenariosOf({ scenario }: ChaosOptions, seed: number): readonly Scenario[] {
  try {
    return scenario === undefined ? matrixOf({ seed, regions }) : [scenarioNamed(scenario, { seed, regions })];
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

try {
  await chaosCommand(chaos).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.clean : exitCodes.usage;
  else if (error instanceof UsageError) {
    console.error(error.message);
    process.exitCode = exitCodes.usage;
  } else {
    console.error(error);
    process.exitCode = exitCodes.violation;
  }
}
