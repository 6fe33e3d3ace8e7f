import type { CheckResult, Completion, Violation } from '#checkers';
import type { HistoryEntry } from '#contracts';
import {
  answersOverTime,
  latencyOverTime,
  type SecondOfAnswers,
  type SecondOfLatency,
} from '../../../apps/operator/src/drill/measures/answers-over-time.ts';
import type { AttemptOutcome, Marker } from '../../../apps/operator/src/drill/recording.ts';
import type { PlannedFault, Scenario } from '../plan/scenario.ts';
import type { Attempt } from '../workloads/load-context.ts';

/**
 * `held`: every checker held. `violated`: one did not, or the system did not come back. `not-run`: this machine cannot do it. `broken`: the run
 * itself failed, so nothing was judged. Only the first counts as passed.
 */
export type ScenarioVerdict = 'held' | 'violated' | 'not-run' | 'broken';

export interface ScenarioReport {
  readonly name: string;
  readonly seed: number;
  readonly workload: Scenario['workload'];
  readonly verdict: ScenarioVerdict;
  /** Why it was not run or broke, or what did not come back. */
  readonly because: string | undefined;
  /** ISO 8601. */
  readonly startedAt: string | undefined;
  readonly planned: readonly PlannedFault[];
  readonly faults: readonly { readonly kind: string; readonly strikes: string; readonly beganMs: number; readonly healedMs: number }[];
  readonly loadMs: number;
  /** From the last heal until everything was whole and at rest. */
  readonly recoveryMs: number | undefined;
  readonly requests: number;
  readonly markers: readonly Marker[];
  readonly answers: readonly SecondOfAnswers[];
  readonly latency: readonly SecondOfLatency[];
  readonly checks: readonly CheckResult[];
}

export interface ScenarioFindings {
  readonly scenario: Scenario;
  readonly startedAt: Date;
  readonly faults: ScenarioReport['faults'];
  readonly loadMs: number;
  readonly attempts: readonly Attempt[];
  /** What the agents wrote down meanwhile. */
  readonly entries: readonly HistoryEntry[];
  readonly recoveredMs: number | undefined;
  /** Undefined: everything came back. */
  readonly missing: string | undefined;
  readonly checks: readonly CheckResult[];
}

/** What is kept of each check: of thousands of equal violations the first say enough. */
const violationsKeptMax = 20;

/** Pure. */
export function scenarioReport(findings: ScenarioFindings): ScenarioReport {
  const { scenario, startedAt, faults, loadMs, attempts, recoveredMs, missing, checks } = findings;
  const lastHealMs = Math.max(0, ...faults.map(({ healedMs }) => healedMs));
  const sound = missing === undefined && checks.length > 0 && checks.every(({ violations }) => violations.length === 0);
  return {
    ...headOf(scenario),
    verdict: sound ? 'held' : 'violated',
    because: missing ?? (checks.length === 0 ? 'nothing was checked' : undefined),
    startedAt: startedAt.toISOString(),
    faults: faults.map(({ kind, strikes, beganMs, healedMs }) => ({
      kind,
      strikes,
      beganMs: Math.round(beganMs),
      healedMs: Math.round(healedMs),
    })),
    loadMs: Math.round(loadMs),
    recoveryMs: recoveredMs === undefined ? undefined : Math.round(recoveredMs - lastHealMs),
    requests: attempts.length,
    markers: markersOf(findings),
    answers: answersOverTime(attempts.map(({ endMs, completion }) => ({ endMs, outcome: outcomeOf(completion) }))),
    latency: latencyOverTime(
      attempts.flatMap(({ asked, startMs, endMs, completion }) =>
        asked === 'place' && completion.outcome === 'ok'
          ? [{ dueMs: startMs, endMs, outcome: { kind: 'acknowledged' as const, durability: 'global' as const } }]
          : [],
      ),
    ),
    checks: checks.map((check) => ({ ...check, violations: check.violations.slice(0, violationsKeptMax) })),
  };
}

const headOf = ({ name, seed, workload, faults }: Scenario) => ({ name, seed, workload, planned: faults });

const nothing = {
  startedAt: undefined,
  faults: [],
  loadMs: 0,
  recoveryMs: undefined,
  requests: 0,
  markers: [],
  answers: [],
  latency: [],
  checks: [],
};

export const notRun = (scenario: Scenario, because: string): ScenarioReport => ({
  ...headOf(scenario),
  ...nothing,
  verdict: 'not-run',
  because,
});

/** Nothing can be said about the system: the run did not come to its end. */
export const broken = (scenario: Scenario, error: unknown): ScenarioReport => ({
  ...headOf(scenario),
  ...nothing,
  verdict: 'broken',
  because: error instanceof Error ? error.message.slice(0, 2_000) : String(error),
});

export const violationsOf = ({ checks }: Pick<ScenarioReport, 'checks'>): readonly (Violation & { readonly checker: string })[] =>
  checks.flatMap(({ name, violations }) => violations.map((violation) => ({ checker: name, ...violation })));

/** Faults and their heals, and between them what the agents did. */
function markersOf({ faults, entries, startedAt, loadMs }: ScenarioFindings): readonly Marker[] {
  const struck = faults.flatMap(({ kind, strikes, beganMs, healedMs }): Marker[] => [
    { atMs: Math.round(beganMs), kind: 'fault', label: `${kind}: ${strikes}` },
    ...(healedMs > beganMs ? [{ atMs: Math.round(healedMs), kind: 'remedy' as const, label: 'healed' }] : []),
  ]);
  const steps = entries
    .map(({ at, region, event }): Marker => ({ atMs: Date.parse(at) - startedAt.getTime(), kind: 'step', label: `${region}: ${event}` }))
    .filter(({ atMs }) => atMs >= 0 && atMs <= loadMs);
  return [...struck, ...steps];
}

/** As the plots tell answers apart. */
function outcomeOf(completion: Completion): AttemptOutcome {
  if (completion.outcome === 'ok') return { kind: 'answered', status: 200 };
  if (completion.outcome === 'refused') return { kind: 'answered', status: refusedForNow.has(completion.code) ? 503 : 409 };
  if (completion.because === 'timeout') return { kind: 'timeout' };
  const status = /^5\d\d/.exec(completion.because)?.[0];
  return status === undefined ? { kind: 'no-connection', reason: completion.because } : { kind: 'answered', status: Number(status) };
}

const refusedForNow = new Set(['owner-unavailable', 'region-not-serving', 'stream-blocked', 'consistency-unreached', 'unavailable']);
