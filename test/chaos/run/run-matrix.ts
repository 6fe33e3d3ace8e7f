import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startWholeSystem, stopWholeSystem, type WholeSystem } from '#test-kit';
import { unmountLeftovers } from '../faults/disk-faults.ts';
import type { ChaosOptions } from '../plan/chaos-options.ts';
import { withReport, writeState, type ResumeState } from '../plan/resume-state.ts';
import type { Scenario } from '../plan/scenario.ts';
import { broken, type ScenarioReport } from '../report/chaos-report.ts';
import { chaosHtml } from '../report/chaos-html.ts';
import { inOneLine, inWords } from '../report/chaos-text.ts';
import { recovered } from './recovery.ts';
import { runScenario, type ScenarioRun } from './run-scenario.ts';

export interface MatrixRun extends Pick<ChaosOptions, 'minutes' | 'resume' | 'report' | 'home'> {
  readonly scenarios: readonly Scenario[];
  readonly state: ResumeState;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** One system carries so many scenarios: its logs, which are read whole after each, grow. */
const scenariosPerSystemMax = 12;

/**
 * Runs scenarios one after the other, as many as possible on one system; after a violation on a new one, so that each finding stands for
 * itself. State and report are written after each. The system is stopped at the end, whatever happens.
 */
export async function runMatrix(run: MatrixRun): Promise<ResumeState> {
  const { scenarios, say, signal, minutes } = run;
  const startedMs = performance.now();
  const isTime = (): boolean => !signal.aborted && (minutes === undefined || performance.now() - startedMs < minutes * 60_000);
  let state = run.state;
  let system: WholeSystem | undefined;
  let carried = 0;
  try {
    for (const [index, scenario] of scenarios.entries()) {
      if (!isTime()) break;
      say(`${index + 1} of ${scenarios.length}: ${inWords(scenario)}`);
      if (carried >= scenariosPerSystemMax) system = undefined;
      const { report, evidence } = await attempt(run, scenario, async () => {
        if (system === undefined) carried = 0;
        system ??= await freshSystem(run);
        carried += 1;
        return system;
      });
      if (signal.aborted && report.verdict === 'broken') break;
      say(inOneLine(report));
      if (report.verdict === 'violated' && evidence !== undefined) await keepEvidence(run, report, evidence);
      if (report.verdict === 'violated' || report.verdict === 'broken') system = undefined;
      state = withReport(state, report);
      await writeReport(run, state);
    }
  } finally {
    await unmountLeftovers(run.home);
    await stopWholeSystem(run.home);
  }
  return state;
}

async function attempt({ say, signal }: MatrixRun, scenario: Scenario, openSystem: () => Promise<WholeSystem>): Promise<ScenarioRun> {
  try {
    const system = await openSystem();
    await recovered(system);
    return await runScenario({ system, scenario, say, signal });
  } catch (error) {
    say(`the run broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return { report: broken(scenario, error), evidence: undefined };
  }
}

async function freshSystem({ home, say }: MatrixRun): Promise<WholeSystem> {
  say(`starting two regions in ${home}`);
  await unmountLeftovers(home);
  await stopWholeSystem(home);
  return startWholeSystem({ home, instances: 1 });
}

async function writeReport({ report: folder, resume }: MatrixRun, state: ResumeState): Promise<void> {
  if (resume !== undefined) await writeState(resume, state);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'chaos.json'), `${JSON.stringify(state, null, 1)}\n`);
  await writeFile(join(folder, 'chaos.html'), chaosHtml(state));
}

/** The whole history and what was read at the end: what a violation can be understood from. */
async function keepEvidence(
  { report: folder, say }: MatrixRun,
  { name }: ScenarioReport,
  evidence: ScenarioRun['evidence'],
): Promise<void> {
  const file = join(folder, `evidence-${name}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(
    file,
    JSON.stringify(evidence, (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)),
  );
  say(`all that was judged is in ${file}`);
}
