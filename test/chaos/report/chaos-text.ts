import type { Scenario } from '../plan/scenario.ts';
import { violationsOf, type ScenarioReport } from './chaos-report.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What a scenario will do, in a line: all of it follows from the seed. */
export function inWords({ name, workload, faults, loadMs }: Scenario): string {
  const blows = faults.map(
    ({ how, strikes, beginMs, healMs }) => `${how} ${strikes} at ${seconds(beginMs)} for ${seconds(healMs - beginMs)}`,
  );
  return `${name.padEnd(40)} ${workload.padEnd(17)} ${blows.join(', ')}; load ${seconds(loadMs)}`;
}

/** How it went, in a line; what did not hold, in one more each. */
export function inOneLine(report: ScenarioReport): string {
  const { name, verdict, because, recoveryMs, requests, checks } = report;
  const examined = checks.reduce((sum, check) => sum + check.examined, 0);
  const went =
    recoveryMs === undefined ? '' : ` ${requests} requests, whole again ${seconds(recoveryMs)} after the heal, ${examined} facts examined`;
  const violations = violationsOf(report).map(({ checker, where, what }) => `\n    ${checker}: ${where}: ${what}`);
  return `${verdict.padEnd(9)} ${name}${went}${because === undefined ? '' : `: ${because}`}${violations.join('')}`;
}
