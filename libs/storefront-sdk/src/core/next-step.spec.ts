import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { region } from '#contracts/browser';
import { type CallState, chooseEndpoint, type Endpoint, type Landscape, nextStep, pauseAfter } from './next-step.ts';
import type { Health } from './rest.ts';

const at = (name: string, serving?: boolean): Endpoint => ({ region: region(name), url: `http://${name}`, serving });
const [east, west, north] = [at('east'), at('west'), at('north')];
const nowMs = 1_000;

const call: CallState = {
  deadlineMs: 10_000,
  triesMax: 10,
  started: 0,
  lastEndMs: nowMs,
  pauseMaxMs: 500,
  running: [],
  bars: new Map(),
  failures: new Map(),
  hedgeAfterMs: undefined,
  winding: false,
};
const nobody = { owner: undefined, home: undefined, lastAnswered: undefined };
const land = (endpoints: readonly Endpoint[], preference: Partial<Landscape['preference']> = {}, resting: Record<string, number> = {}) => ({
  endpoints,
  health: new Map(
    Object.entries(resting).map(([url, untilMs]): [string, Health] => [`http://${url}`, { situation: 'resting', untilMs, restMs: 100 }]),
  ),
  preference: { ...nobody, ...preference },
});
const bars = (times: Record<string, number>) => new Map(Object.entries(times).map(([name, ms]) => [`http://${name}`, ms]));

describe('the next address', () => {
  it.each<[string, Partial<CallState>, Landscape, string, number]>([
    ['the first given, when nothing is known', {}, land([east, west]), 'east', nowMs],
    ['the one that answered last', {}, land([east, west], { lastAnswered: region('west') }), 'west', nowMs],
    ['the home before that', {}, land([east, west], { home: region('east'), lastAnswered: region('west') }), 'east', nowMs],
    ['the owner before the home', {}, land([east, west], { owner: region('west'), home: region('east') }), 'west', nowMs],
    ['a serving one before the owner', {}, land([at('east', false), west], { owner: region('east') }), 'west', nowMs],
    ['one that does not serve rather than none', {}, land([at('east', false)]), 'east', nowMs],
    ['a well one before the home that rests', {}, land([east, west], { home: region('east') }, { east: 5_000 }), 'west', nowMs],
    ['the first try waits for nobody to rest', {}, land([east], {}, { east: 5_000 }), 'east', nowMs],
    ['later ones do, up to the longest pause', { started: 1 }, land([east], {}, { east: 5_000 }), 'east', nowMs + 500],
    ['the one whose rest ends first', { started: 2 }, land([east, west], {}, { east: 1_400, west: 1_300 }), 'west', 1_300],
    ['a rest that is over counts no more', { started: 1 }, land([east, west], {}, { east: 900 }), 'east', nowMs],
    ['elsewhere than where it was just tried', { started: 1, bars: bars({ east: 1_100 }) }, land([east, west]), 'west', nowMs],
    [
      'where it failed least often, when none is to be waited for',
      { started: 1, failures: bars({ east: 1 }) },
      land([east, west]),
      'west',
      nowMs,
    ],
    ['the first that may be asked again', { started: 2, bars: bars({ east: 3_000, west: 2_000 }) }, land([east, west]), 'west', 2_000],
  ])('%s', (_what, state, landscape, name, atMs) => {
    const choice = chooseEndpoint({ ...call, ...state }, landscape, nowMs);
    expect([choice?.endpoint.region, choice?.atMs]).toEqual([name, atMs]);
  });
});

describe('the next step', () => {
  const running = [{ endpoint: east, startedMs: 900 }];
  const instance = { ...at('east'), url: 'http://east-2' };
  it.each<[string, Partial<CallState>, Landscape, ReturnType<typeof nextStep>]>([
    ['tries at once', {}, land([east, west]), { do: 'try', endpoint: east }],
    ['waits for a Retry-After', { started: 1, bars: bars({ east: 2_000 }) }, land([east]), { do: 'wait', untilMs: 2_000 }],
    ['does not wait beyond the deadline', { started: 1, bars: bars({ east: 60_000 }) }, land([east]), { do: 'end', because: 'deadline' }],
    ['ends at the deadline', { deadlineMs: nowMs, running }, land([east]), { do: 'end', because: 'deadline' }],
    ['ends when all tries are used', { started: 10 }, land([east]), { do: 'end', because: 'tries' }],
    ['waits for its try, when not to hedge', { running }, land([east, west]), { do: 'wait', untilMs: 10_000 }],
    ['waits until it may hedge', { running, hedgeAfterMs: 300 }, land([east, west]), { do: 'wait', untilMs: 1_200 }],
    ['hedges elsewhere', { running, hedgeAfterMs: 50 }, land([east, instance, west]), { do: 'try', endpoint: west }],
    ['hedges at another instance, else', { running, hedgeAfterMs: 50 }, land([east, instance]), { do: 'try', endpoint: instance }],
    ['has nowhere to hedge', { running, hedgeAfterMs: 50 }, land([east]), { do: 'wait', untilMs: 10_000 }],
    [
      'hedges once',
      { running: [...running, { endpoint: west, startedMs: 950 }], hedgeAfterMs: 1 },
      land([north]),
      { do: 'wait', untilMs: 10_000 },
    ],
    ['starts nothing more when winding', { running, hedgeAfterMs: 50, winding: true }, land([east, west]), { do: 'wait', untilMs: 10_000 }],
    ['ends when wound', { winding: true }, land([east]), { do: 'end', because: 'answered' }],
  ])('%s', (_what, state, landscape, step) => {
    expect(nextStep({ ...call, ...state }, landscape, nowMs)).toEqual(step);
  });
});

const moments = fc.integer({ min: 0, max: 20_000 });
const names = ['east', 'west', 'north'] as const;
const states = fc.record({
  deadlineMs: moments,
  triesMax: fc.integer({ min: 1, max: 5 }),
  started: fc.integer({ min: 0, max: 5 }),
  lastEndMs: moments,
  pauseMaxMs: fc.integer({ min: 0, max: 2_000 }),
  running: fc.subarray([east, west, north], { maxLength: 2 }).map((some) => some.map((endpoint) => ({ endpoint, startedMs: 0 }))),
  bars: fc.dictionary(fc.constantFrom(...names), moments).map(bars),
  failures: fc.dictionary(fc.constantFrom(...names), fc.nat(5)).map(bars),
  hedgeAfterMs: fc.option(moments, { nil: undefined }),
  winding: fc.boolean(),
});
const landscapes = fc
  .tuple(
    fc.subarray([east, west, north], { minLength: 1 }),
    fc.dictionary(fc.constantFrom(...names), moments),
    fc.option(fc.constantFrom(...names.map(region)), { nil: undefined }),
  )
  .map(([endpoints, resting, home]) => land(endpoints, { home }, resting));

describe('whatever is known', () => {
  it('a try keeps the bounds, and a wait is of the future and ends by the deadline', () => {
    fc.assert(
      fc.property(states, landscapes, moments, (state, landscape, now) => {
        const step = nextStep(state, landscape, now);
        if (step.do === 'try') {
          expect(now).toBeLessThan(state.deadlineMs);
          expect(state.started).toBeLessThan(state.triesMax);
          expect(state.running.length).toBeLessThan(state.hedgeAfterMs === undefined ? 1 : 2);
          expect(state.running.map(({ endpoint }) => endpoint.url)).not.toContain(step.endpoint.url);
          expect(state.bars.get(step.endpoint.url) ?? 0).toBeLessThanOrEqual(now);
          expect(state.winding).toBe(false);
        } else if (step.do === 'wait') {
          expect(step.untilMs).toBeGreaterThan(now);
          expect(step.untilMs).toBeLessThanOrEqual(state.deadlineMs);
        } else if (step.because === 'tries') expect(state.started).toBeGreaterThanOrEqual(state.triesMax);
      }),
    );
  });

  it('waiting as told, a call that nobody answers comes to its end in a bounded number of steps', () => {
    fc.assert(
      fc.property(states, landscapes, (first, landscape) => {
        let [state, now, steps] = [{ ...first, running: [] } as CallState, 0, 0];
        for (; steps < 40; steps++) {
          const step = nextStep(state, landscape, now);
          if (step.do === 'end') return;
          if (step.do === 'wait') now = step.untilMs;
          else state = { ...state, started: state.started + 1, lastEndMs: now, bars: new Map(state.bars).set(step.endpoint.url, now + 10) };
        }
        expect.unreachable(`still going after ${steps} steps`);
      }),
    );
  });
});

it('pauses double, are spread by half, and end at their longest', () => {
  expect([1, 2, 3, 9].map((n) => pauseAfter(n, 100, 1_000, 0.999_999))).toEqual([100, 200, 400, 1_000].map((ms) => expect.closeTo(ms, 0)));
  expect(pauseAfter(1, 100, 1_000, 0)).toBe(50);
});
