import { describe, expect, it } from 'vitest';
import { commandId, customerId, inventoryEvents, orderIdOf, sku, type OrderId } from '#contracts';
import { encodeShardRecord, type StoredRecord } from '#shard-log';
import { hotSkuFacts, hotSkuViolations } from './hot-sku-facts.ts';

const hot = sku('HOT');
const at = '2026-01-01T00:00:00.000Z';
const order = (number: number): OrderId => orderIdOf(customerId('c'), `k${number}`);
const lines = [{ sku: hot, quantity: 1 }];

type Outcome = 'StockReserved' | 'StockRejected';

function decision(number: number, type: Outcome, timestampMs: number): StoredRecord {
  const event =
    type === 'StockReserved'
      ? { type, orderId: order(number), lines, reservedAt: at }
      : { type, orderId: order(number), lines, shortSkus: [hot], rejectedAt: at };
  const record = encodeShardRecord({
    kind: 'commit',
    shard: 'inventory.east.0',
    term: 1,
    generation: 1,
    writer: 'w',
    seq: timestampMs,
    cause: commandId('c'),
    correlation: order(number),
    traceparent: '',
    streams: ['pool:HOT'],
    body: inventoryEvents.encode([event]),
  });
  return { ...record, topic: 'inventory.events', partition: 0, offset: timestampMs, timestampMs };
}

const factsOf = (records: readonly StoredRecord[]) => hotSkuFacts(records, { sku: hot, orders: new Set([0, 1, 2, 3].map(order)) });

describe('a hot sku', () => {
  it('is sold as often as it is there, and the last decision tells when all were made', () => {
    const others = decision(9, 'StockReserved', 99); // somebody else's
    const facts = factsOf([decision(0, 'StockReserved', 10), decision(1, 'StockReserved', 11), decision(2, 'StockRejected', 12), others]);
    expect(facts).toEqual({ reserved: 2, rejected: 1, lastDecidedAtMs: 12, decidedTwice: [] });
    expect(hotSkuViolations(facts, { units: 2, wanted: 3 })).toEqual([]);
  });

  it.each([
    {
      planted: 'one unit too many',
      outcomes: ['StockReserved', 'StockReserved', 'StockReserved'],
      orders: [0, 1, 2],
      found: /^oversold: 3 units/,
    },
    {
      planted: 'one turned down too early',
      outcomes: ['StockReserved', 'StockRejected', 'StockRejected'],
      orders: [0, 1, 2],
      found: /^1 units reserved/,
    },
    { planted: 'one forgotten', outcomes: ['StockReserved', 'StockReserved'], orders: [0, 1], found: /^2 of 3 reservations decided/ },
    {
      planted: 'one decided twice',
      outcomes: ['StockReserved', 'StockReserved', 'StockRejected'],
      orders: [0, 1, 1],
      found: /^decided more than once/,
    },
  ])('$planted is found', ({ outcomes, orders, found }) => {
    const records = outcomes.map((outcome, i) => decision(orders[i]!, outcome as Outcome, i + 1));
    expect(hotSkuViolations(factsOf(records), { units: 2, wanted: 3 })).toContainEqual(expect.stringMatching(found));
  });
});
