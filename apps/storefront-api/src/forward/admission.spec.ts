import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Admission, admissionDefault, type Admitted } from './admission.ts';

const pace = { ...admissionDefault, firstLimit: 4, limitMin: 2, limitMax: 6, slowMs: 1_000, fastMs: 500, waitMs: 300, waitingMax: 3 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** As many as there is room for. */
async function fill(admission: Admission): Promise<Admitted[]> {
  const admitted: Admitted[] = [];
  while (admission.underWay < admission.limit) admitted.push((await admission.enter())!);
  return admitted;
}

describe('the writes under way to one owner', () => {
  it('has room for the limit; one more waits for room, first come, first served', async () => {
    const admission = new Admission(pace);
    const [first, second] = await fill(admission);
    const order: string[] = [];
    const waiting = ['a', 'b'].map((name) => admission.enter().then((admitted) => order.push(`${name} ${admitted !== undefined}`)));
    admission.leave(first!, false);
    await vi.advanceTimersByTimeAsync(299);
    admission.leave(second!, false);
    await Promise.all(waiting);
    expect(order).toEqual(['a true', 'b true']);
    expect(admission.underWay).toBe(4);
  });

  it('sends away who found no room in time, and at once when too many wait', async () => {
    const admission = new Admission(pace);
    const [first] = await fill(admission);
    const outcomes = Array.from({ length: 3 }, () => admission.enter());
    expect(await admission.enter()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(300);
    expect(await Promise.all(outcomes)).toEqual([undefined, undefined, undefined]);
    admission.leave(first!, false);
    expect(admission.underWay).toBe(3); // nobody who was sent away took the room
    expect(await admission.enter()).toBeDefined();
  });

  it('shrinks once for all slow answers of one limit, not below the least, and admits nobody until there is room', async () => {
    const admission = new Admission(pace);
    const admitted = await fill(admission);
    await vi.advanceTimersByTimeAsync(1_001);
    for (const each of admitted.slice(0, 2)) admission.leave(each, true);
    expect(admission.limit).toBe(2);
    const next = admission.enter();
    admission.leave(admitted[2]!, true);
    expect(admission.limit).toBe(2);
    const late = (await next)!;
    await vi.advanceTimersByTimeAsync(1_001);
    admission.leave(late, true);
    expect(admission.limit).toBe(2);
  });

  it('grows with fast answers while there is use for it, up to the most', async () => {
    const admission = new Admission(pace);
    for (let i = 0; i < 10; i++) admission.leave((await admission.enter())!, true);
    expect(admission.limit).toBe(4); // one at a time needs no more
    for (let i = 0; i < 5; i++) for (const each of await fill(admission)) admission.leave(each, true);
    expect(admission.limit).toBe(6);
  });

  it('grows by one for all that were under way, when they were neither fast nor slow', async () => {
    const admission = new Admission(pace);
    let admitted = await fill(admission);
    const limits: number[] = [];
    for (let round = 0; round < 4; round++) {
      await vi.advanceTimersByTimeAsync(700);
      const next: Admitted[] = [];
      for (const each of admitted) {
        admission.leave(each, true);
        next.push((await admission.enter())!); // there is use for all of it
      }
      admitted = next;
      limits.push(admission.limit);
    }
    expect(limits).toEqual([4, 5, 6, 6]);
  });

  it('learns nothing from what the owner did not answer', async () => {
    const admission = new Admission(pace);
    const admitted = await fill(admission);
    await vi.advanceTimersByTimeAsync(5_000);
    for (const each of admitted) admission.leave(each, false);
    expect([admission.limit, admission.underWay]).toEqual([4, 0]);
  });
});

const loadSeconds = 15;

/** An owner that does 25 writes a second, one after the other; clients give up after 2.5 s and ask again a second later. */
async function answeredInTime(admission: Admission | undefined): Promise<number> {
  let busyUntil = 0;
  let inTime = 0;
  const ask = async (): Promise<void> => {
    const askedAt = Date.now();
    const admitted = await admission?.enter();
    if (admission !== undefined && admitted === undefined) return void setTimeout(() => void ask(), 1_000);
    busyUntil = Math.max(busyUntil, Date.now()) + 40;
    const again = setTimeout(() => void ask(), 2_500 - (Date.now() - askedAt) + 1_000);
    setTimeout(() => {
      if (admitted !== undefined) admission!.leave(admitted, true);
      if (Date.now() - askedAt > 2_500) return;
      inTime += 1;
      clearTimeout(again);
    }, busyUntil - Date.now());
  };
  for (let i = 0; i < loadSeconds * 40; i++) {
    void ask();
    await vi.advanceTimersByTimeAsync(25);
  }
  return inTime;
}

it('an owner that is asked for 40 writes a second and can do 25 does most of what it can in time, and without a bound less than half', async () => {
  const whatItCanDo = 25 * loadSeconds;
  expect(await answeredInTime(undefined)).toBeLessThan(0.5 * whatItCanDo);
  expect(await answeredInTime(new Admission())).toBeGreaterThan(0.7 * whatItCanDo);
});
