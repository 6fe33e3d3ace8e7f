import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderId } from '#contracts';
import { allCheckers, checkAll, checkWith } from './all-checkers.ts';
import type { CheckResult, Evidence } from './checker.ts';
import type { FinalReads, RegionReads } from './final-reads.ts';
import type { Operation } from './history.ts';
import { allCorruptions } from './testing/all-corruptions.ts';
import { busyScript } from './testing/busy-run.script.ts';
import { corrupted } from './testing/planting.ts';
import { east, west } from './testing/serial-shop.model.ts';
import { soundRun, steps } from './testing/sound-run.ts';

const failing = (evidence: Evidence): readonly string[] =>
  checkAll(evidence)
    .filter(({ violations }) => violations.length > 0)
    .map(({ name }) => name);
const resultOf = (evidence: Evidence, name: string): CheckResult =>
  checkWith(
    allCheckers.find((checker) => checker.name === name)!,
    evidence,
  );
/** Half of them with all in it that can be broken. */
const longer = fc.oneof(
  steps,
  steps.map((script) => [...busyScript, ...script]),
);
const busyRun = soundRun(busyScript);
const first = (): number => 0;

describe('the checkers', () => {
  it('find nothing in a sound run in which everything happens, and have looked at something each', () => {
    const results = checkAll(busyRun);
    expect(results.flatMap(({ violations }) => violations)).toEqual([]);
    expect(results.filter(({ examined }) => examined === 0).map(({ name }) => name)).toEqual([]);
  });

  it('find nothing in any sound run', () => {
    fc.assert(
      fc.property(steps, (script) => {
        expect(checkAll(soundRun(script)).flatMap(({ violations }) => violations)).toEqual([]);
      }),
      { numRuns: 200, seed: 20261127 },
    );
  });

  it.each(allCorruptions.map((corruption) => [corruption.what, corruption] as const))('find it when %s', (_, corruption) => {
    const broken = corrupted(busyRun, corruption, first);
    expect(broken).toBeDefined();
    expect(failing(broken!)).toContain(corruption.finds);
  });

  it('are each shown to find something', () => {
    expect(new Set(allCorruptions.map(({ finds }) => finds))).toEqual(new Set(allCheckers.map(({ name }) => name)));
  });

  it.each(allCorruptions.map((corruption) => [corruption.what, corruption] as const))(
    'find it in any sound run when %s',
    (_, corruption) => {
      let planted = 0;
      fc.assert(
        fc.property(longer, fc.nat(), (script, at) => {
          const broken = corrupted(soundRun(script), corruption, (n) => at % n);
          if (broken === undefined) return;
          planted += 1;
          expect(resultOf(broken, corruption.finds).violations).not.toEqual([]);
        }),
        { numRuns: 10, seed: 20261127 },
      );
      expect(planted).toBeGreaterThan(0);
    },
  );
});

describe('no checker passes for want of evidence', () => {
  const parts = ['orders', 'pools', 'reservations', 'payments', 'settled', 'checksums'] as const;
  /** Which parts of a region's final reads a checker has to have. */
  const needed: Readonly<Record<string, readonly (typeof parts)[number][]>> = {
    'acknowledged-orders-are-present': ['orders'],
    'acknowledged-changes-hold': ['orders'],
    'one-order-per-key': ['orders'],
    'nothing-refused-is-placed': ['orders'],
    'nothing-unasked-happens': ['orders'],
    'stock-is-conserved': ['pools'],
    'no-pool-is-negative': ['pools'],
    'one-commit-per-seq': ['settled'],
    'orders-are-equal': ['orders'],
    'every-order-is-decided': ['orders'],
    'nothing-is-owed': ['orders', 'pools', 'reservations', 'payments'],
    'reservations-are-orders': ['orders', 'pools', 'reservations'],
    'stock-is-equal': ['pools', 'reservations'],
    'cards-are-authorized-once': ['orders'],
    'captures-are-shipments': ['orders', 'payments'],
    'ledger-agrees': ['payments'],
    'payments-are-equal': ['payments'],
    'histories-are-equal': ['settled'],
    'projections-are-equal': ['checksums'],
  };
  const unreadable = { kind: 'unreadable', because: 'connection refused' } as const;
  const withWest = (change: (region: RegionReads) => readonly RegionReads[]): Evidence => ({
    ...busyRun,
    final: { ...busyRun.final, regions: busyRun.final.regions.flatMap((region) => (region.region === west ? change(region) : [region])) },
  });
  const saysUnreadable = (evidence: Evidence): readonly string[] =>
    checkAll(evidence)
      .filter(({ violations }) => violations.some(({ what }) => what.startsWith('unreadable: ')))
      .map(({ name }) => name);
  const readers = Object.keys(needed);

  it.each(parts)('%s of a living region', (part) => {
    const broken = withWest((region) => [{ ...region, [part]: unreadable }]);
    expect(saysUnreadable(broken).toSorted()).toEqual(readers.filter((name) => needed[name]!.includes(part)).toSorted());
  });

  it('a living region without any', () => {
    expect(saysUnreadable(withWest(() => [])).toSorted()).toEqual(readers.toSorted());
  });

  it('no living region at all', () => {
    const final: FinalReads = { ...busyRun.final, living: [], regions: [] };
    expect(saysUnreadable({ ...busyRun, final }).toSorted()).toEqual(readers.toSorted());
  });

  it("the provider's ledger", () => {
    const final: FinalReads = { ...busyRun.final, ledger: unreadable };
    expect(saysUnreadable({ ...busyRun, final }).toSorted()).toEqual([
      'captures-are-shipments',
      'cards-are-authorized-once',
      'ledger-agrees',
    ]);
  });

  it('a region that is dead may be silent', () => {
    const dead = withWest((region) => [{ ...region, ...Object.fromEntries(parts.map((part) => [part, unreadable])) }]);
    const final: FinalReads = { ...dead.final, living: [east] };
    expect(failing({ ...dead, final })).toEqual([]);
  });
});

describe('what is no violation', () => {
  it('an operation that is open when the recording ends, before its deadline', () => {
    const [last] = busyRun.history.operations.slice(-1);
    const operations = [...busyRun.history.operations, { ...last!, completion: undefined }];
    expect(failing({ ...busyRun, history: { ...busyRun.history, operations } })).toEqual([]);
  });

  it('a read without a token that shows what was long ago, whoever has heard of what came since', () => {
    const placed = busyRun.history.operations.find(({ asked }) => asked.kind === 'place')!.asked as { orderId: OrderId };
    const stale: Operation = {
      session: 'client 0',
      invokedMs: busyRun.history.endedMs,
      deadlineMs: busyRun.history.endedMs + 1,
      asked: {
        kind: 'read-order',
        orderId: placed.orderId,
      },
      completion: {
        outcome: 'ok',
        atMs: busyRun.history.endedMs,
        region: west,
        answer: {
          kind: 'read-order',
          token: {},
          order: 'absent',
        },
      },
    };
    const operations = [...busyRun.history.operations, stale];
    expect(failing({ ...busyRun, history: { ...busyRun.history, operations } })).toEqual([]);
  });

  it('an order that nobody knows the outcome of, whether it stands or not', () => {
    const unknown = busyRun.history.operations.map((operation) =>
      operation.asked.kind === 'place'
        ? { ...operation, completion: { outcome: 'unknown', atMs: operation.invokedMs, because: 'timeout' } as const }
        : operation,
    );
    expect(failing({ ...busyRun, history: { ...busyRun.history, operations: unknown } })).toEqual([]);
  });
});
