import { describe, expect, it } from 'vitest';
import type { CheckResult, Completion } from '#checkers';
import { region } from '#contracts';
import { matrixOf } from '../plan/matrix.ts';
import { chaosHtml } from './chaos-html.ts';
import { broken, notRun, scenarioReport, type ScenarioFindings } from './chaos-report.ts';
import { inOneLine, inWords } from './chaos-text.ts';

const scenario = matrixOf({ seed: 1, regions: ['east', 'west'] }).find(({ name }) => name === 'kill-region')!;
const east = region('east');
const promise = 'No acknowledged order is lost';
const holds: CheckResult = { name: 'no-order-is-lost', promise, violations: [], examined: 12 };
const placed = (atMs: number): Completion => ({
  outcome: 'ok',
  atMs,
  region: east,
  answer: { kind: 'place', durability: 'global', token: {}, orderId: 'o' as never, placedNow: true, status: 'pending' },
});
const attempt = (startMs: number, completion: Completion, asked: 'place' | 'cancel' = 'place') => ({
  asked,
  home: east,
  startMs,
  endMs: completion.atMs,
  completion,
});

const findings: ScenarioFindings = {
  scenario,
  startedAt: new Date('2026-11-27T08:00:00Z'),
  faults: [{ kind: 'kill-region', strikes: 'east', beganMs: 5_000.4, healedMs: 15_000.2 }],
  loadMs: 30_000,
  attempts: [
    attempt(100, placed(180)),
    attempt(5_100, { outcome: 'unknown', atMs: 13_100, because: 'timeout' }),
    attempt(6_000, { outcome: 'unknown', atMs: 6_010, because: 'connect ECONNREFUSED' }),
    attempt(6_500, { outcome: 'unknown', atMs: 6_800, because: '504 outcome-unknown' }),
    attempt(7_000, { outcome: 'refused', atMs: 7_050, code: 'owner-unavailable', region: east }),
    attempt(8_000, { outcome: 'refused', atMs: 8_050, code: 'order-cancelled', region: east }, 'cancel'),
  ],
  entries: [
    { at: '2026-11-27T08:00:09.000Z', region: region('west'), instance: 1, term: 3, event: 'claimed', because: 'lease gone', details: {} },
    {
      at: '2026-11-27T08:10:00.000Z',
      region: region('west'),
      instance: 1,
      term: 4,
      event: 'later',
      because: 'after the load',
      details: {},
    },
  ],
  recoveredMs: 45_000,
  missing: undefined,
  checks: [holds],
};

describe('the verdict on a scenario', () => {
  it('is that everything held only when something was checked and nothing is amiss', () => {
    expect(scenarioReport(findings)).toMatchObject({ verdict: 'held', recoveryMs: 30_000, requests: 6 });
    expect(scenarioReport({ ...findings, checks: [] }).verdict).toBe('violated');
  });

  it('is a violation when one checker found one', () => {
    const violated = { ...holds, violations: [{ where: 'west', what: 'order o is absent' }] };
    expect(scenarioReport({ ...findings, checks: [holds, violated] }).verdict).toBe('violated');
  });

  it('is a violation when the system did not come back, whatever was checked', () => {
    const report = scenarioReport({ ...findings, missing: 'west.kafka is down', recoveredMs: undefined });
    expect(report).toMatchObject({ verdict: 'violated', because: 'west.kafka is down', recoveryMs: undefined });
  });

  it('never counts as passed what was not run or broke', () => {
    expect(notRun(scenario, 'only root may mount').verdict).toBe('not-run');
    expect(broken(scenario, new Error('no system')).verdict).toBe('broken');
  });

  it('keeps the first of many violations', () => {
    const many = { ...holds, violations: Array.from({ length: 500 }, (_, i) => ({ where: 'west', what: `order ${i}` })) };
    expect(scenarioReport({ ...findings, checks: [many] }).checks[0]!.violations).toHaveLength(20);
  });
});

describe('what a report shows of the load', () => {
  it('tells answers apart as clients would', () => {
    const counted = scenarioReport(findings).answers.reduce<Record<string, number>>((sum, { counts }) => {
      for (const [name, many] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + many;
      return sum;
    }, {});
    expect(counted).toMatchObject({ acknowledged: 1, timeout: 1, 'no connection': 1, '504': 1, '503': 1, refused: 1 });
  });

  it('marks fault, heal and what the agents did meanwhile', () => {
    expect(scenarioReport(findings).markers).toEqual([
      { atMs: 5_000, kind: 'fault', label: 'kill-region: east' },
      { atMs: 15_000, kind: 'remedy', label: 'healed' },
      { atMs: 9_000, kind: 'step', label: 'west: claimed' },
    ]);
  });
});

describe('the page', () => {
  it('opens on what is wrong, explains it, and escapes what it quotes', () => {
    const violated = { ...holds, violations: [{ where: 'west', what: 'order <b>o</b> is absent' }] };
    const page = chaosHtml({
      seed: 9,
      finished: [scenarioReport(findings), scenarioReport({ ...findings, checks: [violated] }), notRun(scenario, 'no root')],
    });
    expect(page).toContain('1 held, 1 violated, 0 broke, 1 not run');
    expect(page).toContain('<details open><summary><strong class="violated">');
    expect(page).toContain('order &lt;b&gt;o&lt;/b&gt; is absent');
    expect(page).toContain('so not passed');
    expect(page.match(/<svg/g)).toHaveLength(4); // what was not run has nothing to show
    expect(page).toContain('5.0 s: kill-region: east</title>'); // of the violated one, for whoever looks closely
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3)/);
  });
});

describe('in words', () => {
  it('a scenario says what strikes what, when and how long', () => {
    expect(inWords(scenario)).toMatch(/^kill-region +\S+ +kill-region (east|west) at \d+\.\d s for \d+\.\d s; load \d+\.\d s$/);
  });

  it('a report says each violation', () => {
    const violated = { ...holds, violations: [{ where: 'west', what: 'order o is absent' }] };
    expect(inOneLine(scenarioReport({ ...findings, checks: [violated] }))).toMatch(
      /^violated {2}kill-region.*\n +no-order-is-lost: west: order o is absent$/s,
    );
  });
});
