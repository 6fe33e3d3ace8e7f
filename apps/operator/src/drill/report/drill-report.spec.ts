import { describe, expect, it } from 'vitest';
import { region, type HistoryEntry } from '#contracts';
import { checkDrill } from '../checks/drill-evidence.ts';
import { drillClient, recordedOrder, soundEvidence } from '../testing/sound-drill.fixture.ts';
import type { RecordedOrder } from '../recording.ts';
import { drillReport, reportJson, type DrillFindings } from './drill-report.ts';
import { niceCeiling } from './plot-svg.ts';
import { reportHtml } from './report-html.ts';
import { reportText } from './report-text.ts';

const startedAt = '2026-11-21T12:00:00.000Z';
const entry: HistoryEntry = {
  at: '2026-11-21T12:00:12.500Z',
  region: region('west'),
  instance: 1,
  term: 2,
  event: 'claimed',
  because: 'the lease of east is gone & <no> receipt came for 1,050 ms',
  details: {},
  tookMs: 42,
};

/** One order a second and kind; the fault after 10 s, orders come back 13 s after the start, the remedy after 20 s. */
const recorded: readonly RecordedOrder[] = Array.from({ length: 60 }, (_, i) => {
  const dueMs = Math.floor(i / 2) * 1000;
  const endMs = dueMs >= 10_000 && dueMs < 13_000 ? 13_000 : dueMs + 50;
  const attempts = [{ startMs: dueMs, endMs, host: '127.0.0.3', outcome: { kind: 'answered', status: 201 } as const }];
  return recordedOrder(i, { client: drillClient(i % 2, i % 2 === 0 ? 'sdk' : 'plain'), dueMs, endMs, attempts });
});

const findings = (overrides: Partial<DrillFindings> = {}): DrillFindings => ({
  plan: {
    name: 'drill-x',
    fault: 'kill',
    region: region('east'),
    ordersPerSecond: 2,
    seconds: 30,
    warmUpSeconds: 0,
    clientsPerHome: 1,
    startedAt,
  },
  recorded,
  faultMs: 10_000,
  remedyMs: 20_000,
  history: [entry],
  writePauses: [{ shard: 'order.east.0', from: region('west'), to: region('east'), closedTerm: 2, openedTerm: 3, ms: 180 }],
  stranded: [],
  homeComing: { home: true, sinceRemedyMs: 31_000, missing: '' },
  settledAfterSeconds: 4,
  checks: checkDrill(soundEvidence()),
  isPresentEverywhere: () => true,
  labels: { fault: 'every process of east killed', remedy: 'east started' },
  notes: [],
  ...overrides,
});

describe('the report of a drill', () => {
  it('tells what each kind of client saw, and when', () => {
    const { sound, kinds, steps, markers, loss } = drillReport(findings());
    expect(sound).toBe(true);
    expect(loss).toEqual({ acknowledged: 60, lost: [], seconds: 0 });
    expect(
      kinds.map(({ kind, clients, orders, recoveryMs, objectiveMet }) => [kind, clients, orders, recoveryMs?.p99, objectiveMet]),
    ).toEqual([
      ['sdk', 1, 30, 3_000, true],
      ['plain', 1, 30, 3_000, true],
    ]);
    expect(kinds[0]!.latencyMs).toMatchObject({ beforeFault: { max: 50 }, duringFault: { max: 3_000 }, afterRemedy: { max: 50 } });
    expect(steps[0]).toMatchObject({ event: 'claimed', sinceFaultMs: 2_500 });
    expect(markers.map(({ atMs, kind }) => [atMs, kind])).toEqual([
      [10_000, 'fault'],
      [20_000, 'remedy'],
      [12_500, 'step'],
    ]);
  });

  it('is broken by a lost order, by a broken invariant, by a region that did not come home; not by a slow recovery', () => {
    const lost = drillReport(findings({ isPresentEverywhere: (id) => id !== recorded[0]!.orderId }));
    expect(lost).toMatchObject({ sound: false, loss: { seconds: 9.95 }, problems: ['1 acknowledged orders are lost'] });
    const sound = soundEvidence();
    const [east, west] = sound.final.regions;
    const differing = { ...west!, checksums: { kind: 'read', value: new Map([['order.orders', 'c']]) } as const };
    const onlyOrders = { ...east!, checksums: { kind: 'read', value: new Map([['order.orders', 'a']]) } as const };
    const unequal = { ...sound, final: { ...sound.final, regions: [onlyOrders, differing] } };
    const broken = drillReport(findings({ checks: checkDrill(unequal) }));
    expect(broken.problems).toEqual(['1 times not so: Every projection has equal checksums in all regions']);
    const away = drillReport(findings({ homeComing: { home: false, sinceRemedyMs: 240_000, missing: 'the status is solo(west)' } }));
    expect(away).toMatchObject({ sound: false, problems: ['not everything came home: the status is solo(west)'] });
    const never = drillReport(findings({ recorded: recorded.filter(({ dueMs }) => dueMs < 10_000) }));
    expect(never).toMatchObject({ sound: true, kinds: [{ objectiveMet: false }, { objectiveMet: false }] });
  });

  it('counts what users saw as errors: a second call, a refusal, no answer', () => {
    const [first, second, third, ...rest] = recorded;
    const unclear = [
      { ...first!, calls: 2 },
      { ...second!, outcome: { kind: 'unknown', because: 'timeout' } as const },
      { ...third!, outcome: { kind: 'refused', status: 422, code: 'unknown-sku' } as const },
      ...rest,
    ];
    const { kinds } = drillReport(findings({ recorded: unclear }));
    expect(kinds.map(({ errorsSeen, unknown, refused }) => [errorsSeen, unknown, refused])).toEqual([
      [2, 0, 1],
      [1, 1, 0],
    ]);
  });

  it('says so when the load was not carried before the fault, and when the generator itself was late', () => {
    expect(drillReport(findings()).notes).toEqual([]);
    const slow = recorded.map((order) => ({ ...order, endMs: order.dueMs + 5_000 }));
    expect(drillReport(findings({ recorded: slow })).notes).toEqual([
      expect.stringContaining('did not carry this load before the fault (p50 5.0 s'),
    ]);
    const late = recorded.map((order) => ({ ...order, attempts: order.attempts.map((one) => ({ ...one, startMs: order.dueMs + 900 })) }));
    expect(drillReport(findings({ recorded: late })).notes).toEqual([expect.stringContaining('The generator was late (p99 0.9 s)')]);
  });

  it('is JSON in which never is a word', () => {
    const unknown = recorded.map((order) => ({ ...order, outcome: { kind: 'unknown', because: 'timeout' } as const }));
    const { kinds } = JSON.parse(reportJson(drillReport(findings({ recorded: unknown })))) as { kinds: { recoveryMs: object }[] };
    expect(kinds[0]!.recoveryMs).toMatchObject({ p50: 'never', max: 'never' });
  });

  it('is a page that needs nothing else, and in which texts stay texts', () => {
    const html = reportHtml(drillReport(findings()));
    expect(html).not.toMatch(/(src|href)=|@import|url\(|<script/);
    expect(html.match(/<svg /g)).toHaveLength(4);
    expect(html).toContain('the lease of east is gone &amp; &lt;no&gt; receipt');
    expect(html).toContain('3.00 s');
    expect(html).toContain('180 ms');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('is readable in a terminal', () => {
    const text = reportText(drillReport(findings()));
    expect(text).toContain('every invariant holds');
    expect(text).toContain('0 of 60 acknowledged orders lost');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});

it('axes end at round numbers', () => {
  expect([0, 1, 3, 7, 12, 41, 99, 101].map(niceCeiling)).toEqual([1, 1, 5, 10, 20, 50, 100, 200]);
});
