import { setTimeout as delay } from 'node:timers/promises';
import type { Evidence } from '#checkers';
import { regionsOf, type Region } from '#contracts';
import type { WholeSystem } from '#test-kit';
import { readHistory } from '../../../apps/operator/src/region/agents.ts';
import { deeds } from '../faults/all-deeds.ts';
import type { Blow, Ground } from '../faults/blow.ts';
import type { Scenario } from '../plan/scenario.ts';
import { notRun, scenarioReport, type ScenarioReport } from '../report/chaos-report.ts';
import { NotRecoveredError, recovered } from './recovery.ts';
import { RunningLoad } from './running-load.ts';
import { strike, type StruckFault } from './strike.ts';

export interface RunOptions {
  readonly system: WholeSystem;
  readonly scenario: Scenario;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ScenarioRun {
  readonly report: ScenarioReport;
  /** All that was judged; undefined when it did not come to that. */
  readonly evidence: Evidence | undefined;
}

const quietAfterMs = 6_000;
const historyEntries = 300;

/**
 * One scenario on a whole system: load with faults, heal, recovery, final reads, check. Whatever goes wrong, every fault that was begun is
 * healed and every folder moved back. Never throws for what the system does: that is in the report. @throws Error when the run itself failed
 */
export async function runScenario(options: RunOptions): Promise<ScenarioRun> {
  const { system, scenario, say } = options;
  const ground: Ground = { system, regions: regionsOf(system.topology) as unknown as readonly [Region, Region], say };
  const blows = scenario.faults.map((fault) => deeds[fault.how](ground, fault));
  const obstacles = (await Promise.all(blows.map(async (blow) => blow.impossible?.()))).filter((why) => why !== undefined);
  if (obstacles.length > 0) return { report: notRun(scenario, obstacles.join('; ')), evidence: undefined };
  try {
    for (const blow of blows) await blow.prepare?.();
    if (blows.some((blow) => blow.prepare !== undefined)) await recovered(system);
    return await onPreparedSystem(options, blows);
  } finally {
    for (const blow of blows) await blow.restore?.();
  }
}

async function onPreparedSystem(options: RunOptions, blows: readonly Blow[]): Promise<ScenarioRun> {
  const { system, scenario, say } = options;
  const load = await RunningLoad.begin({ ...scenario, system });
  const { context, startedAt } = load;
  const faults = await underLoad(options, blows, load);
  const loadMs = context.nowMs();
  say(`${(loadMs / 1000).toFixed(1)} s: the load is over, ${context.attempts.length} requests; waiting until everything is whole`);
  const entries = async () =>
    (await readHistory(system.topology, historyEntries)).entries.filter(({ at }) => at >= startedAt.toISOString());
  const ran = { scenario, startedAt, faults, loadMs, attempts: context.attempts };
  try {
    const { checks, evidence, recoveredMs } = await load.judged(options);
    return { report: scenarioReport({ ...ran, entries: await entries(), recoveredMs, missing: undefined, checks }), evidence };
  } catch (error) {
    if (!(error instanceof NotRecoveredError)) throw error;
    const report = scenarioReport({ ...ran, entries: await entries(), recoveredMs: undefined, missing: error.message, checks: [] });
    return { report, evidence: undefined };
  }
}

/** Until the last fault is healed and some quiet has followed. @throws what a fault or a session failed with, when all is healed */
async function underLoad({ scenario, say }: RunOptions, blows: readonly Blow[], load: RunningLoad): Promise<readonly StruckFault[]> {
  const { nowMs, recorder } = load.context;
  const strikes = blows.map((blow, index) => strike({ blow, fault: scenario.faults[index]!, nowMs, recorder, say }));
  const struck = await Promise.allSettled(strikes);
  const healedMs = nowMs();
  await delay(Math.max(0, Math.max(scenario.loadMs, healedMs + quietAfterMs) - nowMs()));
  await load.end();
  return struck.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason as Error;
    return outcome.value;
  });
}
