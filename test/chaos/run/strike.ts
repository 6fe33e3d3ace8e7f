import { setTimeout as delay } from 'node:timers/promises';
import type { HistoryRecorder } from '#checkers';
import type { Blow } from '../faults/blow.ts';
import type { PlannedFault } from '../plan/scenario.ts';

/** A fault as it went: a blow or its remedy may take longer than planned. Milliseconds since the load began. */
export interface StruckFault {
  readonly kind: string;
  readonly strikes: string;
  readonly beganMs: number;
  /** When the blow was over, and when the remedy was. */
  readonly struckMs: number;
  readonly healedMs: number;
}

export interface StrikeOptions {
  readonly blow: Blow;
  readonly fault: PlannedFault;
  readonly nowMs: () => number;
  readonly recorder: HistoryRecorder;
  readonly say: (line: string) => void;
}

/** Strikes when it is time, and heals when it is time, also when the blow failed. @throws what either failed with */
export async function strike({ blow, fault, nowMs, recorder, say }: StrikeOptions): Promise<StruckFault> {
  await delay(Math.max(0, fault.beginMs - nowMs()));
  const beganMs = nowMs();
  const healed = recorder.fault(beganMs, fault.kind, fault.strikes);
  say(`${seconds(beganMs)}: ${fault.kind} strikes ${fault.strikes}`);
  let struckMs = beganMs;
  try {
    await blow.begin();
    struckMs = nowMs();
    await delay(Math.max(0, fault.healMs - fault.beginMs - (struckMs - beganMs)));
  } finally {
    await blow.heal();
  }
  const healedMs = nowMs();
  healed(healedMs);
  say(`${seconds(healedMs)}: ${fault.kind} of ${fault.strikes} is healed`);
  return { kind: fault.kind, strikes: fault.strikes, beganMs, struckMs, healedMs };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
