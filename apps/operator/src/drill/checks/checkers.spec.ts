import { describe, expect, it } from 'vitest';
import type { OrderId } from '#contracts';
import { recordedOrder, soundEvidence, tea } from '../testing/sound-drill.fixture.ts';
import { checkAll, checkers } from './all-checkers.ts';
import type { Evidence, OrderSeen, RegionEvidence } from './evidence.ts';

type Plant = (evidence: Evidence) => Evidence;

const failing = (evidence: Evidence): readonly string[] =>
  checkAll(evidence)
    .filter(({ violations }) => violations.length > 0)
    .map(({ name }) => name);
const inWest =
  (change: (region: RegionEvidence, evidence: Evidence) => RegionEvidence): Plant =>
  (evidence) => ({ ...evidence, regions: evidence.regions.map((region, i) => (i === 1 ? change(region, evidence) : region)) });
const inBoth =
  (change: (region: RegionEvidence) => RegionEvidence): Plant =>
  (evidence) => ({ ...evidence, regions: evidence.regions.map(change) });
const seenAs =
  (number: number, seen: (before: OrderSeen) => OrderSeen) =>
  (region: RegionEvidence): RegionEvidence => {
    const id: OrderId = recordedOrder(number).orderId;
    return { ...region, orders: new Map(region.orders).set(id, seen(region.orders.get(id)!)) };
  };
const inTables =
  (number: number, change: object) =>
  (region: RegionEvidence): RegionEvidence => {
    const id = recordedOrder(number).orderId;
    const orders = new Map(region.tables.orders).set(id, { ...region.tables.orders.get(id)!, ...change });
    return { ...region, tables: { ...region.tables, orders } };
  };
const ofStock =
  (change: object) =>
  (region: RegionEvidence): RegionEvidence => {
    const found = region.stock.get(tea)!;
    return { ...region, stock: new Map([[tea, { ...found, total: { ...found.total, ...change } }]]) };
  };
const ofAccount =
  (number: number, change: object): Plant =>
  (evidence) => {
    const id = recordedOrder(number).orderId;
    return { ...evidence, ledger: new Map(evidence.ledger).set(id, { ...evidence.ledger.get(id)!, ...change }) };
  };
const absent = (): OrderSeen => ({ kind: 'absent' });

const planted: readonly (readonly [fault: string, plant: Plant, finds: readonly string[]])[] = [
  ['an acknowledged order is lost in one region', inWest(seenAs(0, absent)), ['acknowledged-orders-are-present', 'orders-are-equal']],
  ['an acknowledged order is lost in both regions', inBoth(seenAs(0, absent)), ['acknowledged-orders-are-present']],
  [
    'an acknowledged order cannot be read anywhere',
    inBoth(seenAs(0, () => ({ kind: 'unreadable', because: 'timeout' }))),
    ['acknowledged-orders-are-present'],
  ],
  [
    'a line was lost in both regions',
    inBoth(seenAs(1, (seen) => (seen.kind === 'present' ? { ...seen, order: { ...seen.order, lines: [] } } : seen))),
    ['acknowledged-orders-are-present'],
  ],
  ['an order of unknown outcome stands in one region only', inWest(seenAs(4, absent)), ['orders-are-equal']],
  [
    'an order has another status in one region',
    inWest(seenAs(2, (seen) => (seen.kind === 'present' ? { ...seen, order: { ...seen.order, status: 'cancelled' } } : seen))),
    ['orders-are-equal'],
  ],
  [
    'a refused order stands in both regions',
    inBoth(seenAs(5, () => soundEvidence().regions[0]!.orders.get(recordedOrder(0).orderId)!)),
    ['nothing-refused-is-placed'],
  ],
  [
    'a key made a second order',
    inWest((region) => ({
      ...region,
      tables: {
        ...region.tables,
        orders: new Map(region.tables.orders).set('ord_second', region.tables.orders.get(recordedOrder(0).orderId)!),
      },
    })),
    ['one-order-per-key'],
  ],
  ['an order holds its lines twice', inWest(inTables(0, { units: 4 })), ['one-order-per-key']],
  [
    'an order is left pending',
    inBoth(inTables(0, { status: 'pending' })),
    ['every-order-is-decided', 'reservations-are-orders', 'cards-are-authorized-once'],
  ],
  ['a unit vanished', inWest(ofStock({ available: 90 })), ['stock-is-conserved']],
  ['a unit is sold twice', inWest(ofStock({ available: 90, reserved: 9 })), ['reservations-are-orders']],
  ['the stock cannot be read', inWest((region) => ({ ...region, stock: new Map() })), ['stock-is-conserved', 'reservations-are-orders']],
  [
    'a pool is below nothing',
    inWest((region) => {
      const found = region.stock.get(tea)!;
      return { ...region, stock: new Map([[tea, { ...found, pools: found.pools.map((pool) => ({ ...pool, available: -1 })) }]]) };
    }),
    ['no-pool-is-negative'],
  ],
  ['a card is authorized twice', ofAccount(0, { authorizations: 2, authorizedMinor: 1_000 }), ['cards-are-authorized-once']],
  ['a confirmed order has a voided authorization', ofAccount(0, { voided: true }), ['cards-are-authorized-once']],
  ['a card is charged without a shipment', ofAccount(0, { charges: 1, capturedMinor: 500 }), ['cards-are-authorized-once']],
  ['another sum is authorized', ofAccount(0, { authorizedMinor: 499 }), ['cards-are-authorized-once']],
  ["a cancelled order's card is still held", ofAccount(3, { voided: false }), ['cards-are-authorized-once']],
  ['no authorization is known', (evidence) => ({ ...evidence, ledger: new Map() }), ['cards-are-authorized-once']],
  [
    'checksums differ',
    (evidence) => ({ ...evidence, projections: [{ projection: 'order.orders', verdict: 'different' }] }),
    ['projections-are-equal'],
  ],
  ['no projector answered', (evidence) => ({ ...evidence, projections: [] }), ['projections-are-equal']],
];

describe('the checkers', () => {
  it('find nothing where nothing is wrong, also with orders whose outcome is unknown', () => {
    expect(failing(soundEvidence())).toEqual([]);
  });

  it.each(planted)('find it when %s', (_, plant, finds) => {
    expect(failing(plant(soundEvidence()))).toEqual(finds);
  });

  it('are each shown to find something', () => {
    expect(new Set(planted.flatMap(([, , finds]) => finds))).toEqual(new Set(checkers.map(({ name }) => name)));
  });
});
