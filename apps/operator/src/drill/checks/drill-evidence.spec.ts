import { describe, expect, it } from 'vitest';
import type { Evidence, RegionReads } from '#checkers';
import { region } from '#contracts';
import { recordedOrder, soundEvidence, soundRecording, tea } from '../testing/sound-drill.fixture.ts';
import { checkDrill, drillHistory, isPresentEverywhere } from './drill-evidence.ts';

const [east, west] = [region('east'), region('west')];

const inWest = (change: (region: RegionReads) => RegionReads): Evidence => {
  const { history, final } = soundEvidence();
  return { history, final: { ...final, regions: final.regions.map((reads) => (reads.region === west ? change(reads) : reads)) } };
};

describe('the history of a drill', () => {
  it('is one operation per order, from when it was due to when its outcome was known', () => {
    const received = new Map([
      [east, new Map([[tea, 5]])],
      [west, new Map([[tea, 7]])],
    ]);
    const { operations, planted, endedMs } = drillHistory({ recorded: soundRecording().toReversed(), received, partitions: 6 });
    expect(operations.map(({ asked, completion }) => [asked.kind === 'place' && asked.key, completion?.outcome])).toEqual([
      ['key-0', 'ok'],
      ['key-1', 'ok'],
      ['key-2', 'ok'],
      ['key-3', 'ok'],
      ['key-4', 'unknown'],
      ['key-5', 'refused'],
    ]);
    expect(operations[1]).toMatchObject({ invokedMs: 100, completion: { atMs: 140, region: west } });
    expect(planted).toEqual([
      { sku: tea, home: east, quantity: 5 },
      { sku: tea, home: west, quantity: 7 },
    ]);
    expect(endedMs).toBe(540);
  });
});

describe('the checks of a drill', () => {
  it('find nothing where nothing is wrong, and leave out what a drill gives nothing to judge of', () => {
    const results = checkDrill(soundEvidence());
    expect(results.flatMap(({ violations }) => violations)).toEqual([]);
    const names = results.map(({ name }) => name);
    expect(names).not.toContain('read-your-writes');
    expect(names).toEqual(
      expect.arrayContaining([
        'acknowledged-orders-are-present',
        'orders-are-equal',
        'one-order-per-key',
        'nothing-refused-is-placed',
        'every-order-is-decided',
        'stock-is-conserved',
        'no-pool-is-negative',
        'reservations-are-orders',
        'cards-are-authorized-once',
        'projections-are-equal',
        'one-commit-per-seq',
        'answers-come-in-time',
      ]),
    );
  });

  it('find an acknowledged order that one region has lost, and one that it cannot tell of', () => {
    const { orderId } = recordedOrder(0);
    const without = inWest((reads) => ({
      ...reads,
      shown: { ...reads.shown!, orders: new Map(reads.shown!.orders).set(orderId, { kind: 'read', value: 'absent' }) },
    }));
    const found = (evidence: Evidence): readonly string[] =>
      checkDrill(evidence)
        .filter(({ violations }) => violations.length > 0)
        .map(({ name }) => name);
    expect(found(without)).toEqual(['acknowledged-orders-are-present', 'orders-are-equal']);
    expect(isPresentEverywhere(without.final, { orderId })).toBe(false);
    expect(isPresentEverywhere(soundEvidence().final, { orderId })).toBe(true);
    expect(found(inWest((reads) => ({ ...reads, orders: { kind: 'unreadable', because: 'down' } })))).toContain('every-order-is-decided');
  });
});
