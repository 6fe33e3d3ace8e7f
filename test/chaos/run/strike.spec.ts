import { describe, expect, it } from 'vitest';
import { HistoryRecorder } from '#checkers';
import type { Blow } from '../faults/blow.ts';
import type { PlannedFault } from '../plan/scenario.ts';
import { strike, type StruckFault } from './strike.ts';

const fault: PlannedFault = { kind: 'kill-kafka', how: 'kill-part', strikes: 'east.kafka', beginMs: 30, healMs: 60, chance: 0 };

/** Strikes with a blow that writes down what is asked of it. */
async function struckWith(blow: Partial<Blow>): Promise<{ deeds: string[]; recorder: HistoryRecorder; outcome: Promise<StruckFault> }> {
  const [deeds, recorder, beganMs] = [[] as string[], new HistoryRecorder({ partitions: 2 }), performance.now()];
  const whole: Blow = {
    begin: () => Promise.resolve(void deeds.push('begin')),
    heal: () => Promise.resolve(void deeds.push('heal')),
    ...blow,
  };
  const outcome = strike({ blow: whole, fault, nowMs: () => performance.now() - beganMs, recorder, say: () => undefined });
  await outcome.catch(() => undefined); // each test looks at how it ended
  return { deeds, recorder, outcome };
}

describe('a fault', () => {
  it('strikes and is healed not before its time, and stands in the history', async () => {
    const { deeds, recorder, outcome } = await struckWith({});
    const { beganMs, healedMs } = await outcome;
    expect(deeds).toEqual(['begin', 'heal']);
    expect(beganMs).toBeGreaterThanOrEqual(fault.beginMs - 2); // timers count whole milliseconds
    expect(healedMs - beganMs).toBeGreaterThanOrEqual(fault.healMs - fault.beginMs - 2);
    expect(recorder.close(1_000).faults).toEqual([{ fromMs: beganMs, toMs: healedMs, kind: 'kill-kafka', struck: 'east.kafka' }]);
  });

  it('is healed also when its blow failed, and the failure is told', async () => {
    const { deeds, recorder, outcome } = await struckWith({ begin: () => Promise.reject(new Error('no such part')) });
    await expect(outcome).rejects.toThrow('no such part');
    expect(deeds).toEqual(['heal']);
    expect(recorder.close(1_000).faults[0]!.toMs).toBeUndefined(); // the history says only what is known
  });
});
