import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderId } from '#contracts';
import type { ProviderCall } from '../domain/intents.ts';
import { CallSchedule } from './call-schedule.ts';

const call = (key: string): ProviderCall => ({ kind: 'void', idempotencyKey: key, orderId: orderId('ord_a'), authorizationId: 'x' });
const keysOf = (calls: readonly ProviderCall[]): readonly string[] => calls.map((call) => call.idempotencyKey);
const scheduleOf = (concurrencyMax: number): CallSchedule =>
  new CallSchedule({ concurrencyMax, firstRetryMs: 100, retryMaxMs: 1_000, random: () => 0.5 });

describe('the schedule of outstanding calls', () => {
  it('starts them in order, as many as may run', () => {
    const schedule = scheduleOf(2);
    schedule.setOutstanding('a', [call('1'), call('2')]);
    schedule.setOutstanding('b', [call('3')]);
    expect(keysOf(schedule.start(0))).toEqual(['1', '2']);
    expect(schedule.start(0)).toEqual([]);
    expect(schedule.answered('1')).toBe(true);
    expect(keysOf(schedule.start(0))).toEqual(['3']);
  });

  it('retries an unknown outcome after a pause that doubles up to its bound', () => {
    const schedule = scheduleOf(2);
    schedule.setOutstanding('a', [call('1')]);
    const pauses: number[] = [];
    let nowMs = 0;
    for (let n = 1; n <= 6; n++) {
      expect(keysOf(schedule.start(nowMs))).toEqual(['1']);
      expect(schedule.failed('1', nowMs)).toBe(n);
      expect(schedule.start(nowMs)).toEqual([]);
      const dueMs = schedule.nextDueMs() ?? Number.NaN;
      pauses.push(dueMs - nowMs);
      nowMs = dueMs;
    }
    expect(pauses).toEqual([75, 150, 300, 600, 750, 750]);
  });

  it('a failing call holds up nobody', () => {
    const schedule = scheduleOf(1);
    schedule.setOutstanding('a', [call('1'), call('2')]);
    schedule.start(0);
    schedule.failed('1', 0);
    expect(keysOf(schedule.start(0))).toEqual(['2']);
  });

  it('forgets what is no longer outstanding, and says whose answer concerns nobody', () => {
    const schedule = scheduleOf(2);
    schedule.setOutstanding('a', [call('1'), call('2')]);
    schedule.start(0);
    expect(schedule.setOutstanding('a', [call('2')])).toEqual(['1']);
    expect(schedule.answered('1')).toBe(false);
    expect(schedule.failed('2', 0)).toBe(1);
    expect(schedule.setOutstanding('a', [])).toEqual(['2']);
    expect(schedule.nextDueMs()).toBeUndefined();
    expect(schedule.counts()).toEqual({ outstanding: 0, running: 0, waiting: 0 });
  });

  it('never runs a key twice at once, never more than may run, and loses no call, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), order: fc.nat(3), mask: fc.nat(7) }),
      fc.record({ do: fc.constant('end' as const), pick: fc.nat(10), fails: fc.boolean() }),
      fc.record({ do: fc.constant('start' as const), ms: fc.nat(500) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const schedule = scheduleOf(3);
        const running = new Set<string>();
        const answered = new Set<string>();
        const outstanding = new Map<number, readonly string[]>();
        let nowMs = 0;
        const start = (): void => {
          for (const { idempotencyKey: key } of schedule.start(nowMs)) {
            expect(running.has(key)).toBe(false);
            running.add(key);
          }
          expect(running.size).toBeLessThanOrEqual(3);
        };
        const end = (key: string, fails: boolean): void => {
          running.delete(key);
          if (fails) schedule.failed(key, nowMs);
          else if (schedule.answered(key)) answered.add(key);
        };
        const set = (order: number, keys: readonly string[]): void => {
          for (const gone of schedule.setOutstanding(String(order), keys.map(call))) answered.delete(gone);
          outstanding.set(order, keys);
        };
        for (const each of steps) {
          if (each.do === 'set')
            set(
              each.order,
              [0, 1, 2].filter((bit) => (each.mask >> bit) % 2 === 1).map((bit) => `${each.order}.${bit}`),
            );
          if (each.do === 'start') nowMs += each.ms;
          if (each.do === 'start') start();
          const ending = each.do === 'end' ? [...running][each.pick % Math.max(1, running.size)] : undefined;
          if (each.do === 'end' && ending !== undefined) end(ending, each.fails);
        }
        for (let round = 0; round < 20; round++) {
          nowMs += 2_000;
          start();
          for (const key of running) end(key, false);
        }
        expect([...answered].sort()).toEqual([...outstanding.values()].flat().sort());
      }),
    );
  });
});
