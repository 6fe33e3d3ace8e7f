import { describe, expect, it } from 'vitest';
import {
  customerId,
  homeOf,
  instantAfter,
  orderId,
  partitionOf,
  region,
  shardId,
  sku,
  type InventoryEvent,
  type OrderEvent,
  type PaymentEvent,
  type ShardId,
  type SkuQuantity,
} from '#contracts';
import { newlyRequired } from '#process-manager';
import { checkoutProcess, type CheckoutEvent, type CheckoutState } from './checkout.ts';

const topology = { homes: [region('east'), region('west')], catalogue: region('east'), partitions: 6 };
const limits = { expireAfterMs: 60_000, awaitStockMs: 30_000 };
const checkout = checkoutProcess(topology, limits);

const order = orderId('ord_abcdefghijklmnopqrstuvwxyz');
const ada = customerId('ada');
const home = homeOf(topology, ada);
const other = home === 'east' ? 'west' : 'east';
const now = '2026-11-21T10:00:00.000Z';
const later = (ms: number) => instantAfter(now, ms);
const tea = sku('tea');
const mug = sku('mug');
const shardOfSku = (of: typeof tea) => shardId({ service: 'inventory', home, partition: partitionOf(of, 6) });
const teaShard = shardOfSku(tea);
const mugShard = shardOfSku(mug);
const own = (service: 'order' | 'payment') => shardId({ service, home, partition: partitionOf(order, 6) });

type Seen = readonly [shard: ShardId, event: CheckoutEvent];
const ordered = (event: OrderEvent): Seen => [own('order'), event];
const paid = (event: PaymentEvent): Seen => [own('payment'), event];
const placed = ordered({
  type: 'OrderPlaced',
  orderId: order,
  customerId: ada,
  currency: 'GBP',
  totalMinor: 1650,
  placedAt: now,
  requestFingerprint: 'a'.repeat(64),
  lines: [
    { lineNumber: 1, sku: tea, name: 'Tea', quantity: 2, unitPriceMinor: 250 },
    { lineNumber: 2, sku: mug, name: 'Mug', quantity: 1, unitPriceMinor: 900 },
    { lineNumber: 3, sku: tea, name: 'Tea', quantity: 1, unitPriceMinor: 250 },
  ],
  surcharges: [],
});
const confirmed = ordered({ type: 'OrderConfirmed', orderId: order, confirmedAt: now });
const cancelled = ordered({ type: 'OrderCancelled', orderId: order, reason: 'requested-by-customer', cancelledAt: now });
const shippedOrder = ordered({
  type: 'OrderLinesShipped',
  orderId: order,
  shipmentId: 's1',
  lines: [{ lineNumber: 1, sku: tea, quantity: 2 }],
  captureMinor: 500,
  shippedAt: now,
});
const returnedOrder = ordered({
  type: 'OrderLinesReturned',
  orderId: order,
  returnId: 'r1',
  lines: [{ lineNumber: 1, sku: tea, quantity: 1 }],
  refundMinor: 250,
  returnedAt: now,
});

const stock = (of: typeof tea, event: InventoryEvent): Seen => [shardOfSku(of), event];
const lines = (of: typeof tea, quantity: number): SkuQuantity[] => [{ sku: of, quantity }];
const reserved = (of: typeof tea, quantity: number) =>
  stock(of, { type: 'StockReserved', orderId: order, lines: lines(of, quantity), reservedAt: now });
const rejected = (of: typeof tea) =>
  stock(of, { type: 'StockRejected', orderId: order, lines: lines(of, 3), shortSkus: [of], rejectedAt: now });
const released = (of: typeof tea) => stock(of, { type: 'StockReleased', orderId: order, lines: lines(of, 3), releasedAt: now });
const awaited = (of: typeof tea) =>
  stock(of, {
    type: 'StockAwaited',
    orderId: order,
    lines: lines(of, 3),
    transfers: [{ transferId: 't', sku: of, quantity: 1, from: region(other) }],
    awaitedAt: now,
  });
const shippedStock = stock(tea, { type: 'StockShipped', orderId: order, shipmentId: 's1', lines: lines(tea, 2), shippedAt: now });
const restocked = stock(tea, { type: 'StockRestocked', orderId: order, returnId: 'r1', lines: lines(tea, 1), restockedAt: now });

const requested = paid({
  type: 'PaymentAuthorizationRequested',
  orderId: order,
  customerId: ada,
  amountMinor: 1650,
  currency: 'GBP',
  requestedAt: now,
});
const authorized = paid({ type: 'PaymentAuthorized', orderId: order, authorizationId: 'auth', authorizedAt: now });
const declined = paid({ type: 'PaymentDeclined', orderId: order, reason: 'no', declinedAt: now });
const voidRequested = paid({ type: 'PaymentVoidRequested', orderId: order, requestedAt: now });
const captureRequested = paid({
  type: 'PaymentCaptureRequested',
  orderId: order,
  captureId: 's1',
  amountMinor: 500,
  currency: 'GBP',
  requestedAt: now,
});
const captured = paid({ type: 'PaymentCaptured', orderId: order, captureId: 's1', amountMinor: 500, capturedAt: now });
const refundRequested = paid({
  type: 'PaymentRefundRequested',
  orderId: order,
  refundId: 'r1',
  amountMinor: 250,
  currency: 'GBP',
  requestedAt: now,
});
const refundRefused = paid({ type: 'PaymentRefundRefused', orderId: order, refundId: 'r1', reason: 'no', refusedAt: now });

const fold = (...seen: readonly Seen[]): CheckoutState =>
  seen.reduce((state, [shard, event]) => checkout.evolve(state, event, { shard }), checkout.initial(order));
const needs = (state: CheckoutState, at = now) => checkout.required(state, at).map(({ command, shard }) => [command.type, shard]);
const reservedAll = [placed, reserved(tea, 3), reserved(mug, 1)];
const confirmedAll = [...reservedAll, requested, authorized, confirmed];

it('speaks of two shards', () => expect(teaShard).not.toBe(mugShard));

describe('a pending order', () => {
  it('reserves in every shard, lines of one sku added up, and says whom to ask', () => {
    expect(checkout.required(fold(placed), now)).toHaveLength(2);
    expect(checkout.required(fold(placed, reserved(mug, 1)), now)).toEqual([
      {
        commandId: `${order}:reserve:${teaShard}`,
        shard: teaShard,
        key: 'tea',
        correlation: order,
        command: { type: 'ReserveStock', orderId: order, lines: [{ sku: tea, quantity: 3 }], askRegions: [other], now },
      },
    ]);
  });

  it('is paid when everything is reserved, and confirmed when it is paid', () => {
    expect(needs(fold(...reservedAll))).toEqual([['AuthorizePayment', own('payment')]]);
    expect(needs(fold(...reservedAll, requested))).toEqual([]);
    expect(needs(fold(...reservedAll, requested, authorized))).toEqual([['ConfirmOrder', own('order')]]);
  });

  it('needs no payment when it costs nothing', () => {
    const free: Seen = [placed[0], { ...placed[1], totalMinor: 0 } as OrderEvent];
    expect(needs(fold(free, reserved(tea, 3), reserved(mug, 1)))).toEqual([['ConfirmOrder', own('order')]]);
  });

  it('asks to be cancelled on a rejection or decline', () => {
    expect(checkout.required(fold(placed, rejected(tea)), now)).toMatchObject([
      { command: { type: 'CancelOrder', reason: 'out-of-stock' } },
    ]);
    expect(checkout.required(fold(...reservedAll, requested, declined), now)).toMatchObject([{ command: { reason: 'payment-declined' } }]);
  });

  it('expires, unless it has all that it needs', () => {
    expect(needs(fold(placed), later(59_999))).toHaveLength(2);
    expect(checkout.required(fold(placed), later(60_000))).toMatchObject([{ command: { type: 'CancelOrder', reason: 'expired' } }]);
    expect(needs(fold(...reservedAll, requested), later(60_000))).toEqual([['CancelOrder', own('order')]]);
    expect(needs(fold(...reservedAll, requested, authorized), later(60_000))).toEqual([['ConfirmOrder', own('order')]]);
  });

  it('stops a wait for stock that grows old', () => {
    const state = fold(placed, awaited(tea), reserved(mug, 1));
    expect(needs(state, later(29_999))).toEqual([]);
    expect(needs(state, later(30_000))).toEqual([['StopAwaitingStock', teaShard]]);
    expect(checkout.deadlineOf(state)).toBe(later(30_000));
    expect(checkout.deadlineOf(fold(placed))).toBe(later(60_000));
    expect(checkout.deadlineOf(fold(...confirmedAll))).toBeUndefined();
  });

  it('is never done', () => {
    for (const seen of [[placed], reservedAll, [...reservedAll, requested]]) expect(checkout.done(fold(...seen))).toBe(false);
  });
});

describe('a cancelled order', () => {
  it('releases in every shard that may hold something', () => {
    expect(needs(fold(placed, rejected(tea), cancelled))).toEqual([['ReleaseStock', mugShard]]);
    expect(needs(fold(placed, cancelled))).toHaveLength(2);
    expect(needs(fold(...confirmedAll, cancelled))).toHaveLength(3);
  });

  it('voids what was asked of the provider, whenever that is seen, unless declined', () => {
    const done = [...reservedAll, cancelled, released(tea), released(mug)];
    expect(checkout.done(fold(...done))).toBe(true);
    expect(needs(fold(...done, requested))).toEqual([['VoidPayment', own('payment')]]);
    expect(needs(fold(...done, requested, authorized))).toEqual([['VoidPayment', own('payment')]]);
    expect(needs(fold(...done, requested, declined))).toEqual([]);
    expect(needs(fold(...done, requested, voidRequested, authorized))).toEqual([]);
  });

  it('keeps nothing that it no longer needs', () => {
    const size = JSON.stringify(fold(...confirmedAll, cancelled, released(tea), released(mug), voidRequested)).length;
    expect(size).toBeLessThan(400);
  });
});

describe('a confirmed order', () => {
  it('rests until it is shipped', () => expect(checkout.done(fold(...confirmedAll))).toBe(true));

  it('ships from every shard and captures', () => {
    expect(needs(fold(...confirmedAll, shippedOrder))).toEqual([
      ['ShipStock', teaShard],
      ['CapturePayment', own('payment')],
    ]);
    expect(needs(fold(...confirmedAll, shippedOrder, shippedStock, captureRequested))).toEqual([]);
  });

  it('captures nothing for what costs nothing', () => {
    const free: Seen = [shippedOrder[0], { ...shippedOrder[1], captureMinor: 0 } as OrderEvent];
    expect(needs(fold(...confirmedAll, free))).toEqual([['ShipStock', teaShard]]);
  });

  it('restocks after the shipment and refunds after the capture', () => {
    const returned = [...confirmedAll, shippedOrder, returnedOrder];
    expect(needs(fold(...returned))).toEqual([
      ['ShipStock', teaShard],
      ['CapturePayment', own('payment')],
    ]);
    expect(needs(fold(...returned, shippedStock, captureRequested))).toEqual([['RestockStock', teaShard]]);
    expect(needs(fold(...returned, shippedStock, captureRequested, captured))).toEqual([
      ['RestockStock', teaShard],
      ['RefundPayment', own('payment')],
    ]);
    expect(checkout.done(fold(...returned, shippedStock, captureRequested, captured, restocked, refundRequested))).toBe(true);
  });

  it('counts a refund that the provider refused no longer', () => {
    const state = fold(
      ...confirmedAll,
      shippedOrder,
      shippedStock,
      captureRequested,
      captured,
      returnedOrder,
      restocked,
      refundRequested,
      refundRefused,
    );
    expect(state.payment).toMatchObject({ capturedMinor: 500, refundedMinor: 0, openRefunds: [] });
  });

  it('keeps nothing that it no longer needs', () => {
    const state = fold(...confirmedAll, shippedOrder, shippedStock, captureRequested, captured, returnedOrder, restocked, refundRequested);
    expect(JSON.stringify(state).length).toBeLessThan(450);
  });
});

describe('whichever shard is read first', () => {
  const stories: readonly [string, readonly Seen[]][] = [
    [
      'shipped and returned',
      [...confirmedAll, shippedOrder, shippedStock, captureRequested, captured, returnedOrder, restocked, refundRequested],
    ],
    ['cancelled when confirmed', [...confirmedAll, cancelled, released(tea), released(mug), voidRequested]],
    ['rejected', [placed, rejected(tea), reserved(mug, 1), cancelled, released(mug)]],
    ['awaited, then cancelled', [placed, awaited(tea), cancelled, released(tea), reserved(mug, 1), released(mug)]],
  ];

  it.each(stories)('%s: shard after shard, in any order of shards, ends in the same state', (_, story) => {
    const shards = [...new Set(story.map(([shard]) => shard))];
    for (const first of shards)
      for (const second of shards) {
        const rank = (shard: ShardId) => (shard === first ? 0 : shard === second ? 1 : 2);
        const shuffled = [...story].sort((a, b) => rank(a[0]) - rank(b[0]));
        expect(fold(...shuffled)).toEqual(fold(...story));
      }
  });
});

it('issues at once only what an event made necessary', () => {
  const before = fold(placed);
  expect(newlyRequired(checkout, before, fold(placed, reserved(mug, 1)), now)).toEqual([]);
  expect(newlyRequired(checkout, before, fold(placed, rejected(mug)), now).map(({ commandId }) => commandId)).toEqual([
    `${order}:cancel:out-of-stock`,
  ]);
});

it('is about orders only', () => {
  expect(checkout.keysOf({ type: 'StockReceived', receiptId: 'r', sku: tea, quantity: 1, receivedAt: now })).toEqual([]);
  expect(checkout.keysOf(placed[1])).toEqual([order]);
});
