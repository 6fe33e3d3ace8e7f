import type { CheckResult } from '#checkers';
import type { HistoryEntry, Region, StrandedCommit } from '#contracts';
import type { FaultName } from '../fault/faults.ts';
import { answersOverTime, latencyOverTime, type SecondOfAnswers, type SecondOfLatency } from '../measures/answers-over-time.ts';
import { lossOf, type Loss } from '../measures/loss.ts';
import { percentiles, type Percentiles } from '../measures/percentiles.ts';
import { latenciesOf, recoveries } from '../measures/recovery-time.ts';
import type { WritePause } from '../measures/write-pauses.ts';
import { clientKinds, type ClientKind, type Marker, type RecordedOrder } from '../recording.ts';

export interface DrillPlan {
  readonly name: string;
  readonly fault: FaultName;
  readonly region: Region;
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly clientsPerHome: number;
  /** Wall clock, ISO 8601. */
  readonly startedAt: string;
}

/** RTO at p99 that the clients of a kind are promised. */
export const objectiveMs: Readonly<Record<ClientKind, number>> = { sdk: 5_000, plain: 10_000 };

export interface KindReport {
  readonly kind: ClientKind;
  readonly clients: number;
  readonly orders: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Orders for which a user had to ask more than once, or never got a clear answer. */
  readonly errorsSeen: number;
  readonly attempts: number;
  /** Infinity where a client never recovered. */
  readonly recoveryMs: Percentiles | undefined;
  readonly objectiveMs: number;
  readonly objectiveMet: boolean;
  /** From when an order was due to its acknowledgement, by when it was due. */
  readonly latencyMs: Readonly<Record<'beforeFault' | 'duringFault' | 'afterRemedy', Percentiles | undefined>>;
  readonly answers: readonly SecondOfAnswers[];
  readonly latency: readonly SecondOfLatency[];
}

export interface Step extends HistoryEntry {
  readonly sinceFaultMs: number;
}

export interface DrillReport {
  readonly plan: DrillPlan;
  readonly sound: boolean;
  /** What is wrong, in one line each; empty when sound. */
  readonly problems: readonly string[];
  readonly loss: Loss;
  readonly kinds: readonly KindReport[];
  readonly markers: readonly Marker[];
  readonly faultMs: number;
  readonly remedyMs: number;
  readonly steps: readonly Step[];
  /** At each change of a shard's owner or term that began with a close: handoffs, the survivor's own shards, the way back. */
  readonly writePauses: readonly WritePause[];
  readonly writePauseMs: Percentiles | undefined;
  readonly stranded: readonly (StrandedCommit & { readonly region: Region })[];
  readonly homeComing: { readonly home: boolean; readonly sinceRemedyMs: number; readonly missing: string };
  readonly settledAfterSeconds: number;
  readonly checks: readonly CheckResult[];
  /** What could not be learned: a region's history, its stranded commits. */
  readonly notes: readonly string[];
}

export interface DrillFindings {
  readonly plan: DrillPlan;
  readonly recorded: readonly RecordedOrder[];
  readonly faultMs: number;
  readonly remedyMs: number;
  /** Since the fault. */
  readonly history: readonly HistoryEntry[];
  readonly writePauses: readonly WritePause[];
  readonly stranded: DrillReport['stranded'];
  readonly homeComing: DrillReport['homeComing'];
  readonly settledAfterSeconds: number;
  readonly checks: readonly CheckResult[];
  readonly isPresentEverywhere: (orderId: RecordedOrder['orderId']) => boolean;
  readonly labels: { readonly fault: string; readonly remedy: string };
  readonly notes: readonly string[];
}

/** Everything that the report says, computed from what was found. Pure. */
export function drillReport(findings: DrillFindings): DrillReport {
  const { plan, recorded, faultMs, remedyMs, history, stranded, homeComing, settledAfterSeconds, checks, labels, notes } = findings;
  const loss = lossOf(recorded, faultMs, findings.isPresentEverywhere);
  const startedAtMs = Date.parse(plan.startedAt);
  const steps = history.map((entry) => ({ ...entry, sinceFaultMs: Date.parse(entry.at) - startedAtMs - faultMs }));
  const markers: readonly Marker[] = [
    { atMs: faultMs, kind: 'fault', label: labels.fault },
    { atMs: remedyMs, kind: 'remedy', label: labels.remedy },
    ...steps.map(({ sinceFaultMs, region, event }): Marker => ({
      atMs: faultMs + sinceFaultMs,
      kind: 'step',
      label: `${region}: ${event}`,
    })),
  ];
  const problems = [
    ...(loss.lost.length === 0 ? [] : [`${loss.lost.length} acknowledged orders are lost`]),
    ...(homeComing.home ? [] : [`not everything came home: ${homeComing.missing}`]),
    ...checks
      .filter(({ violations }) => violations.length > 0)
      .map(({ promise, violations }) => `${violations.length} times not so: ${promise}`),
  ];
  return {
    plan,
    sound: problems.length === 0,
    problems,
    loss,
    kinds: clientKinds.map((kind) => kindReport(kind, findings)),
    markers,
    faultMs,
    remedyMs,
    steps,
    writePauses: findings.writePauses,
    writePauseMs: percentiles(findings.writePauses.map(({ ms }) => ms)),
    stranded,
    homeComing,
    settledAfterSeconds,
    checks,
    notes: [...notes, ...cautions(findings)],
  };
}

const carriedMs = 2_000;
const generatorLateMs = 500;

/** What makes the measured times say less than they seem to. */
function cautions({ plan, recorded, faultMs }: DrillFindings): readonly string[] {
  const warm = recorded.filter(({ dueMs }) => dueMs >= plan.warmUpSeconds * 1000);
  const before = percentiles(latenciesOf(warm, 0, faultMs));
  const late = percentiles(warm.flatMap(({ dueMs, attempts: [first] }) => (first === undefined ? [] : [first.startMs - dueMs])));
  const inSeconds = (ms: number): string => (ms === Infinity ? 'never' : `${(ms / 1000).toFixed(1)} s`);
  return [
    ...(before !== undefined && before.p95 > carriedMs
      ? [
          `The system did not carry this load before the fault (p50 ${inSeconds(before.p50)}, p95 ${inSeconds(before.p95)}): times of recovery measure the overload too.`,
        ]
      : []),
    ...(late !== undefined && late.p99 > generatorLateMs
      ? [`The generator was late (p99 ${inSeconds(late.p99)}): this machine was too busy for it, and orders waited for that too.`]
      : []),
  ];
}

function kindReport(kind: ClientKind, { plan, recorded, faultMs, remedyMs }: DrillFindings): KindReport {
  const orders = recorded.filter(({ client }) => client.kind === kind);
  const count = (outcome: RecordedOrder['outcome']['kind']): number => orders.filter((order) => order.outcome.kind === outcome).length;
  const attempts = orders.flatMap((order) => order.attempts);
  const recoveryMs = percentiles(recoveries(orders, faultMs).map(({ recoveredAfterMs }) => recoveredAfterMs));
  return {
    kind,
    clients: new Set(orders.map(({ client }) => client.index)).size,
    orders: orders.length,
    acknowledged: count('acknowledged'),
    refused: count('refused'),
    unknown: count('unknown'),
    errorsSeen: orders.filter(({ outcome, calls }) => calls !== 1 || outcome.kind !== 'acknowledged').length,
    attempts: attempts.length,
    recoveryMs,
    objectiveMs: objectiveMs[kind],
    objectiveMet: recoveryMs !== undefined && recoveryMs.p99 <= objectiveMs[kind],
    latencyMs: {
      beforeFault: percentiles(latenciesOf(orders, plan.warmUpSeconds * 1000, faultMs)),
      duringFault: percentiles(latenciesOf(orders, faultMs, remedyMs)),
      afterRemedy: percentiles(latenciesOf(orders, remedyMs, Infinity)),
    },
    answers: answersOverTime(attempts),
    latency: latencyOverTime(orders),
  };
}

/** JSON has no Infinity: what never came is written as the word. */
export const reportJson = (report: DrillReport): string =>
  JSON.stringify(report, (_, value: unknown) => (value === Infinity ? 'never' : value), 2);
