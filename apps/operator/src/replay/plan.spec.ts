import { describe, expect, it } from 'vitest';
import { homeOf, region } from '#contracts';
import { generateDocuments } from '../generate/generate-documents.ts';
import { groupDocuments } from './documents.ts';
import { expectationOf, type Expectation } from './expectation.ts';
import { planReplay, type PlannedOrder, type PlannedReturn, type ReplayPlan } from './plan.ts';
import type { RetailRow } from './retail-csv.ts';

const topology = { homes: [region('east'), region('west')] };

async function* streamed(rows: readonly RetailRow[]): AsyncGenerator<RetailRow> {
  yield* rows;
}
async function planOf(rows: readonly RetailRow[], documentsMax?: number): Promise<ReplayPlan> {
  return planReplay(await groupDocuments(streamed(rows)), { topology, documentsMax });
}
const row = (documentNo: string, stockCode: string, quantity: number, unitPricePence: number, customer = '1'): RetailRow => ({
  line: 0,
  documentNo,
  stockCode,
  description: `name of ${stockCode}`,
  quantity,
  unitPricePence,
  customer: customer === '' ? undefined : customer,
});
const actions = (plan: ReplayPlan): readonly unknown[] => plan.documents.flatMap((document) => document.actions);

/** What the plan would lead to, in the terms of the expectation. */
function consequencesOf(plan: ReplayPlan): Expectation {
  const plus = (sums: Map<string, number>, key: string, amount: number): unknown => sums.set(key, (sums.get(key) ?? 0) + amount);
  const orders = new Map<string, Expectation['orders'] extends ReadonlyMap<string, infer O> ? O : never>();
  const planned = new Map<string, PlannedOrder>();
  const [capturedPence, refundedPence, netUnits, onHand] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  for (const { sku, quantity } of plan.receipts) plus(onHand, sku, quantity);
  for (const action of plan.documents.flatMap((document) => document.actions))
    switch (action.kind) {
      case 'order': {
        planned.set(action.documentNo, action);
        const goods = action.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
        const totalPence = action.surcharges.reduce((sum, surcharge) => sum + surcharge.amountMinor, goods);
        const units = action.lines.reduce((sum, line) => sum + line.quantity, 0);
        orders.set(action.documentNo, {
          customer: action.customerId,
          lines: action.lines.length,
          units,
          totalPence,
          returnedUnits: 0,
          refundedPence: 0,
        });
        plus(capturedPence, action.customerId, totalPence);
        plus(refundedPence, action.customerId, 0);
        for (const line of action.lines) plus(netUnits, line.sku, line.quantity);
        for (const line of action.lines) plus(onHand, line.sku, -line.quantity);
        break;
      }
      case 'return':
        for (const { lineNumber, quantity } of action.lines) {
          const line = planned.get(action.orderDocumentNo)!.lines[lineNumber - 1]!;
          const order = orders.get(action.orderDocumentNo)!;
          order.returnedUnits += quantity;
          order.refundedPence += quantity * line.unitPriceMinor;
          plus(refundedPence, action.customerId, quantity * line.unitPriceMinor);
          plus(netUnits, line.sku, -quantity);
          plus(onHand, line.sku, quantity);
        }
        break;
      case 'write-off':
        plus(onHand, action.sku, -action.quantity);
        break;
    }
  return { orders, capturedPence, refundedPence, netUnits, onHand };
}
const sorted = <V>(map: ReadonlyMap<string, V>): readonly unknown[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
async function expectAgreement(rows: readonly RetailRow[], documentsMax?: number): Promise<void> {
  const found = consequencesOf(await planOf(rows, documentsMax));
  const expected = await expectationOf(rows, documentsMax);
  for (const field of ['orders', 'capturedPence', 'refundedPence', 'netUnits', 'onHand'] as const)
    expect({ [field]: sorted<unknown>(found[field]) }).toEqual({ [field]: sorted<unknown>(expected[field]) });
}

describe('what becomes of a document', () => {
  it('an invoice is an order, its charges are surcharges', async () => {
    const plan = await planOf([row('5', '10001', 2, 100), row('5', 'POST', 2, 1500), row('5', '10002', 1, 50)]);
    expect(actions(plan)).toEqual([
      {
        kind: 'order',
        documentNo: '5',
        customerId: 'c1',
        lines: [
          { sku: '10001', quantity: 2, unitPriceMinor: 100 },
          { sku: '10002', quantity: 1, unitPriceMinor: 50 },
        ],
        surcharges: [{ code: 'POST', description: 'name of POST', amountMinor: 3000 }],
      },
    ]);
    expect(plan.products.map(({ sku }) => sku)).toEqual(['10001', '10002']);
  });

  it('a guest is a customer named by the document', async () => {
    const plan = await planOf([row('5', '10001', 2, 100, '')]);
    expect(plan.documents[0]).toMatchObject({ customerId: 'guest:5', actions: [{ customerId: 'guest:5' }] });
  });

  it('a return is taken from the newest purchases first, split over them, and the rest is counted', async () => {
    const rows = [
      row('5', '10001', 3, 100),
      row('6', '10001', 2, 110),
      row('6', '10001', 4, 120),
      row('C7', '10001', -8, 100),
      row('C8', '10001', -9, 100),
    ];
    const plan = await planOf(rows);
    expect(actions(plan).filter((action) => (action as PlannedReturn).kind === 'return')).toMatchObject([
      {
        documentNo: 'C7',
        orderDocumentNo: '6',
        lines: [
          { lineNumber: 2, quantity: 4 },
          { lineNumber: 1, quantity: 2 },
        ],
      },
      { documentNo: 'C7', orderDocumentNo: '5', lines: [{ lineNumber: 1, quantity: 2 }] },
      { documentNo: 'C8', orderDocumentNo: '5', lines: [{ lineNumber: 1, quantity: 1 }] },
    ]);
    expect(plan.impossible).toEqual({ 'return-without-purchase': { documents: 1, lines: 1, units: 8 } });
    await expectAgreement(rows);
  });

  it('nobody returns what somebody else bought, or what is bought later', async () => {
    const rows = [
      row('C4', '10001', -1, 100),
      row('5', '10001', 3, 100),
      row('C6', '10001', -1, 100, '2'),
      row('C7', '10001', -1, 100, ''),
    ];
    const plan = await planOf(rows);
    expect(plan.impossible).toEqual({
      'return-without-purchase': { documents: 2, lines: 2, units: 2 },
      'return-by-a-guest': { documents: 1, lines: 1, units: 1 },
    });
    await expectAgreement(rows);
  });

  it('a negative line is a write-off, and stock is received for it in the region that it is taken from', async () => {
    const rows = [row('5', '10001', -7, 0, '')];
    const plan = await planOf(rows);
    const home = homeOf(topology, plan.documents[0]!.customerId);
    expect(actions(plan)).toMatchObject([{ kind: 'write-off', sku: '10001', quantity: 7, region: home, number: 1 }]);
    expect(plan.receipts).toEqual([{ region: home, sku: '10001', quantity: 7 }]);
    await expectAgreement(rows);
  });

  it('what the file makes impossible is counted under its reason', async () => {
    const rows = [
      row('5', '10001', 1, 0),
      row('5', '10002', 1, 10),
      row('6', 'POST', 1, 500),
      row('A7', 'B', 1, -500, ''),
      row('8', '10001', 1, -5),
      row('C9', 'D', -1, 100),
      row('10', 'POST', -1, 0, ''),
      row('C11', '10002', 1, 10),
      row('12', '10001', 0, 10),
    ];
    const plan = await planOf(rows);
    expect(
      Object.entries(plan.impossible)
        .map(([reason, count]) => [reason, count.lines] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ).toEqual([
      ['bad-debt', 1],
      ['cancelled-charge', 1],
      ['charge-written-off', 1],
      ['charges-without-goods', 1],
      ['negative-price', 1],
      ['positive-cancellation', 1],
      ['price-of-0', 1],
      ['quantity-of-0', 1],
    ]);
    expect(actions(plan)).toHaveLength(1);
    await expectAgreement(rows);
  });

  it('every line of a file is planned or counted', async () => {
    const rows = generatedRows({ documents: 400, seed: 5 });
    const plan = await planOf(rows);
    const units = (lines: readonly { readonly quantity: number }[]): number => lines.reduce((sum, line) => sum + line.quantity, 0);
    const plannedUnits = plan.documents
      .flatMap((document) => document.actions)
      .map((action) => (action.kind === 'write-off' ? action.quantity : units(action.lines)));
    const surchargeUnits = rows
      .filter((each) => each.stockCode.length < 5 || /^[A-Z]/.test(each.stockCode))
      .reduce((sum, each) => sum + Math.abs(each.quantity), 0);
    const countedCharges = ['bad-debt', 'charges-without-goods', 'cancelled-charge', 'charge-written-off'] as const;
    const counted = Object.entries(plan.impossible).filter(([reason]) => !(countedCharges as readonly string[]).includes(reason));
    const total = rows.reduce((sum, each) => sum + Math.abs(each.quantity), 0);
    expect(plannedUnits.reduce((a, b) => a + b, 0) + counted.reduce((sum, [, count]) => sum + count.units, 0) + surchargeUnits).toBe(total);
  });
});

describe('the plan and the independent expectation agree', () => {
  it.each([1, 2, 3, 4])('on the generated file of seed %i', async (seed) => {
    await expectAgreement(generatedRows({ documents: 800, seed }));
  });

  it('when only the first documents are replayed', async () => {
    const rows = generatedRows({ documents: 500, seed: 9 });
    await expectAgreement(rows, 300);
    const [all, some] = [await planOf(rows), await planOf(rows, 300)];
    expect(some.documents).toHaveLength(300);
    expect(some.receipts).toEqual(all.receipts);
    expect(some.products).toEqual(all.products);
  });

  it('on a document whose lines stand apart', async () => {
    const rows = [row('5', '10001', 3, 100), row('6', '10002', 1, 100, '2'), row('5', '10003', 1, 100)];
    expect((await planOf(rows)).documents).toHaveLength(2);
    await expectAgreement(rows);
  });
});

function generatedRows(options: { readonly documents: number; readonly seed: number }): readonly RetailRow[] {
  return [...generateDocuments(options)].flatMap(({ documentNo, customer, lines }) =>
    lines.map((line) => ({ line: 0, documentNo, customer: customer === '' ? undefined : customer, ...line })),
  );
}
