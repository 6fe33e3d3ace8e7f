import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topologySchema, type Topology } from '#contracts';
import { generateDocuments } from '../generate/generate-documents.ts';
import { ledgerDifferences, regionDifferences, type Difference } from './compare/differences.ts';
import type { RegionState } from './compare/region-state.ts';
import { groupDocuments } from './documents.ts';
import { expectationOf, type Expectation } from './expectation.ts';
import { planReplay, type ReplayPlan } from './plan.ts';
import type { RetailRow } from './retail-csv.ts';
import { runReplay, type RunOptions, type RunResult } from './runner.ts';
import { startModelShop, type ModelShop } from './testing/model-shop.ts';

const rows: readonly RetailRow[] = [...generateDocuments({ documents: 250, seed: 7 })].flatMap(({ documentNo, customer, lines }) =>
  lines.map((line) => ({ line: 0, documentNo, customer: customer === '' ? undefined : customer, ...line })),
);
async function* streamed(): AsyncGenerator<RetailRow> {
  yield* rows;
}

let shop: ModelShop;
let plan: ReplayPlan;
let expectation: Expectation;

beforeEach(async () => {
  shop = await startModelShop({ faultRate: 0.2, seed: 3 });
  plan = planReplay(await groupDocuments(streamed()), { topology: topology() });
  expectation = await expectationOf(rows);
});
afterEach(() => shop.close());

function topology(): Topology {
  const services = { storefront: [shop.url], order: [shop.url], inventory: [shop.url], payment: [shop.url], agent: [shop.url] };
  const region = { kafka: { brokers: ['127.0.0.1:1'] }, postgres: 'postgres://nowhere', etcd: [shop.url], services, peers: {} };
  return topologySchema.parse({
    homes: ['east', 'west'],
    catalogue: 'east',
    partitions: 6,
    regions: { east: region, west: region },
    identity: { issuer: shop.url, audience: 'test', jwksUrl: shop.url },
    paymentProvider: { url: shop.url },
  });
}
function run(options: Partial<RunOptions> = {}): Promise<RunResult> {
  return runReplay(plan, {
    topology: topology(),
    token: () => Promise.resolve('token'),
    concurrencyMax: 16,
    giveUpAfterMs: 20_000,
    firstPauseMs: 2,
    signal: new AbortController().signal,
    progress: { write: () => undefined, isTerminal: false, everyMs: 1_000, nowMs: () => performance.now() },
    ...options,
  });
}
const differences = (): readonly Difference[] => [
  ...regionDifferences('east', expectation, shop.state()),
  ...ledgerDifferences(expectation, shop.ledger()),
];

describe('a replay', () => {
  it('leads to what the file says, although every fifth answer is lost', async () => {
    const result = await run();
    expect(result.failures).toEqual([]);
    expect(result.documents).toBe(250);
    expect(result.retries).toBeGreaterThan(50);
    expect(differences()).toEqual([]);
  }, 60_000);

  it('that is interrupted goes on when it is run again, and a third run changes nothing', async () => {
    const interrupt = new AbortController();
    const first = await run({
      signal: interrupt.signal,
      token: () => {
        if (shop.performed > 100) interrupt.abort();
        return Promise.resolve('token');
      },
    });
    expect(first.interrupted).toBe(true);
    expect(first.documents).toBeLessThan(250);
    await run();
    expect(differences()).toEqual([]);
    const performed = shop.performed;
    expect((await run()).documents).toBe(250);
    expect(shop.performed).toBe(performed);
    expect(differences()).toEqual([]);
  }, 60_000);

  it('reports an order that came out otherwise, and goes on', async () => {
    plan = { ...plan, receipts: plan.receipts.slice(1) };
    const result = await run();
    expect(result.failures[0]).toMatch(/^document \d+: order of document \d+ was cancelled$/);
    expect(result.documents).toBeGreaterThan(100);
    expect(differences().length).toBeGreaterThan(0);
  }, 60_000);

  it('gives up when nobody answers', async () => {
    const gone = topology();
    await shop.close();
    await expect(run({ topology: gone, giveUpAfterMs: 500 })).rejects.toThrow('got no clear answer');
    shop = await startModelShop({ faultRate: 0, seed: 1 });
  });
});

describe('a planted fault is reported', () => {
  const changed = <V>(map: ReadonlyMap<string, V>, change: (value: V) => V): ReadonlyMap<string, V> => {
    const [[key, value] = []] = [...map];
    return key === undefined || value === undefined ? map : new Map(map).set(key, change(value));
  };
  const without = <V>(map: ReadonlyMap<string, V>): ReadonlyMap<string, V> => new Map([...map].slice(1));
  const planted: readonly [string, (state: RegionState) => RegionState, RegExp][] = [
    ['an order is lost', (state) => ({ ...state, orders: without(state.orders) }), /^order \S+ \(ord_\w+\)$/],
    [
      'a line is lost',
      (state) => ({ ...state, orders: changed(state.orders, (order) => ({ ...order, lines: order.lines - 1 })) }),
      /lines$/,
    ],
    [
      'an order is pending',
      (state) => ({ ...state, orders: changed(state.orders, (order) => ({ ...order, status: 'pending' })) }),
      /status$/,
    ],
    [
      'a total is wrong',
      (state) => ({ ...state, orders: changed(state.orders, (order) => ({ ...order, totalMinor: order.totalMinor + 1 })) }),
      /total$/,
    ],
    [
      'an order stands twice',
      (state) => ({ ...state, orders: new Map(state.orders).set('ord_x', [...state.orders.values()][0]!) }),
      /^order ord_x of/,
    ],
    [
      'a capture is missing',
      (state) => ({ ...state, payments: changed(state.payments, (payment) => ({ ...payment, capturedMinor: 0 })) }),
      /captured$/,
    ],
    [
      'a refund is wrong',
      (state) => ({ ...state, payments: changed(state.payments, (payment) => ({ ...payment, refundedMinor: payment.refundedMinor + 1 })) }),
      /refunded$/,
    ],
    [
      'a call is unanswered',
      (state) => ({ ...state, payments: changed(state.payments, (payment) => ({ ...payment, open: 1 })) }),
      /unanswered$/,
    ],
    ['units are lost', (state) => ({ ...state, netUnits: changed(state.netUnits, (units) => units - 1) }), /net units$/],
    [
      'stock is sold twice',
      (state) => ({ ...state, stock: changed(state.stock, (stock) => ({ ...stock, available: stock.available - 1 })) }),
      /on hand$/,
    ],
    ['a reservation is left', (state) => ({ ...state, stock: changed(state.stock, (stock) => ({ ...stock, reserved: 1 })) }), /reserved$/],
    ['a transfer is lost', (state) => ({ ...state, stock: changed(state.stock, (stock) => ({ ...stock, inTransit: 1 })) }), /in transit$/],
  ];

  it('in a region and at the provider', async () => {
    await shop.close();
    shop = await startModelShop({ faultRate: 0, seed: 1 });
    await run();
    expect(differences()).toEqual([]);
    for (const [, plant, what] of planted) {
      const found = regionDifferences('west', expectation, plant(shop.state()));
      expect(found.length).toBeGreaterThan(0);
      expect(found[0]).toMatchObject({ where: 'west', what: expect.stringMatching(what) as string });
    }
    const twice = changed(shop.ledger(), (account) => ({ ...account, charges: 2 }));
    expect(ledgerDifferences(expectation, twice)).toMatchObject([{ where: 'provider', expected: 1, found: 2 }]);
    expect(
      ledgerDifferences(
        expectation,
        changed(shop.ledger(), (account) => ({ ...account, authorizations: 2 })),
      ),
    ).toHaveLength(1);
    expect(ledgerDifferences(expectation, new Map([...shop.ledger()].slice(1))).length).toBeGreaterThan(0);
  }, 30_000);
});
