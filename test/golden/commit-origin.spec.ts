import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { accept, assert, type Decider } from '#kernel';
import {
  customerId,
  instantAfter,
  inventoryCommitOrigin,
  inventoryEvents,
  orderCommitOrigin,
  orderEvents,
  orderId,
  paymentCommitOrigin,
  paymentEvents,
  region,
  sku,
  type CommitOrigin,
  type InventoryCommand,
  type InventoryEvent,
  type ListedProduct,
  type OrderCommand,
  type OrderLine,
  type PaymentCommand,
  type Region,
  type SkuQuantity,
  type Surcharge,
} from '#contracts';
import { inventoryDecider, streamOf, type InventoryState } from '../../apps/inventory-service/src/domain/inventory.ts';
import { orderDecider } from '../../apps/order-service/src/domain/order.ts';
import { paymentDecider } from '../../apps/payment-service/src/domain/payment.ts';

/**
 * What a region that returns does with its stranded commits: it reads the command out of their events and offers it again. That is
 * sound if the command, decided on the same state, gives the same events, and decided where it has had its effect gives none.
 */
const now = '2026-11-21T10:00:00.000Z';
const orders = fc.constantFrom(orderId('ord_abcdefghijklmnopqrstuvwxyz'), orderId('ord_bcdefghijklmnopqrstuvwxyza'));
const skus = fc.constantFrom(sku('tea'), sku('mug'));
const ids = fc.constantFrom('1', '2', '3');
const type = <const T extends string>(name: T) => fc.constant(name);
const at = fc.constant(now);

/** Decides the commands one after the other; each commit is mapped back, and what comes of it is checked. Answers the types seen. */
function checkOrigins<C, E extends { readonly type: string }, S, R>(
  decider: Decider<C, E, S, R>,
  commands: readonly C[],
  originOf: (events: readonly E[], stateOf: (id: string) => S) => CommitOrigin<C>,
  seen: Map<string, Set<string>>,
): void {
  const states = new Map<string, S>();
  const stateOf = (id: string): S => states.get(id) ?? decider.initialState(id);
  for (const command of commands) {
    const decision = decider.decide(command, stateOf);
    if (decision.outcome === 'refused' || decision.events.length === 0) continue;
    const from = originOf(decision.events, stateOf);
    for (const event of decision.events) seen.set(event.type, (seen.get(event.type) ?? new Set()).add(from.origin));
    if (from.origin === 'outside') expect(decider.decide(from.command, stateOf)).toEqual(decision);
    for (const event of decision.events)
      for (const id of decider.streamsChangedBy(event)) states.set(id, decider.evolve(id, stateOf(id), event));
    if (from.origin === 'outside') expect(decider.decide(from.command, stateOf)).toEqual(accept([]));
  }
}

const line = fc.record({ lineNumber: fc.constantFrom(1, 2), quantity: fc.integer({ min: 1, max: 3 }) });
const orderCommand: fc.Arbitrary<OrderCommand> = fc.oneof(
  fc.record({
    type: type('PlaceOrder'),
    orderId: orders,
    customerId: fc.constant(customerId('c')),
    currency: fc.constant('GBP'),
    lines: fc.constant<OrderLine[]>([
      { lineNumber: 1, sku: sku('tea'), name: 'Tea', quantity: 4, unitPriceMinor: 350 },
      { lineNumber: 2, sku: sku('mug'), name: 'Mug', quantity: 2, unitPriceMinor: 800 },
    ]),
    surcharges: fc.constantFrom<Surcharge[]>([], [{ code: 'POST', description: 'Postage', amountMinor: 499 }]),
    requestFingerprint: fc.constant('0'.repeat(64)),
    now: at,
  }),
  fc.record({ type: type('ConfirmOrder'), orderId: orders, now: at }),
  fc.record({
    type: type('CancelOrder'),
    orderId: orders,
    reason: fc.constantFrom('requested-by-customer' as const, 'out-of-stock' as const, 'expired' as const),
    now: at,
  }),
  fc.record({ type: type('ShipLines'), orderId: orders, shipmentId: ids, lines: fc.array(line, { minLength: 1, maxLength: 3 }), now: at }),
  fc.record({ type: type('ReturnLines'), orderId: orders, returnId: ids, lines: fc.array(line, { minLength: 1, maxLength: 2 }), now: at }),
);

const money = { amountMinor: fc.constantFrom(100, 200), currency: fc.constant('GBP') };
const about = { orderId: orders, now: at };
const reason = fc.constantFrom('no', 'not today');
const paymentCommand: fc.Arbitrary<PaymentCommand> = fc.oneof(
  fc.record({
    type: type('AuthorizePayment'),
    ...about,
    customerId: fc.constant(customerId('c')),
    amountMinor: fc.constant(500),
    currency: fc.constant('GBP'),
  }),
  fc.record({ type: type('VoidPayment'), ...about }),
  fc.record({ type: type('CapturePayment'), ...about, captureId: ids, ...money }),
  fc.record({ type: type('RefundPayment'), ...about, refundId: ids, ...money }),
  fc.record({ type: type('RecordAuthorized'), ...about, authorizationId: ids }),
  fc.record({ type: type('RecordDeclined'), ...about, reason }),
  fc.record({ type: type('RecordVoided'), ...about }),
  fc.record({ type: type('RecordCaptured'), ...about, captureId: ids }),
  fc.record({ type: type('RecordCaptureRefused'), ...about, captureId: ids, reason }),
  fc.record({ type: type('RecordRefunded'), ...about, refundId: ids }),
  fc.record({ type: type('RecordRefundRefused'), ...about, refundId: ids, reason }),
);

const quantity = fc.integer({ min: 1, max: 8 });
const lines = fc.constant<SkuQuantity[]>([
  { sku: sku('tea'), quantity: 2 },
  { sku: sku('mug'), quantity: 1 },
]);
const west = region('west');
const inventoryCommand: fc.Arbitrary<InventoryCommand> = fc.oneof(
  fc.record({ type: type('ReceiveStock'), receiptId: ids, sku: skus, quantity, now: at }),
  fc.record({
    type: type('AdjustStock'),
    adjustmentId: ids,
    sku: skus,
    quantityDelta: fc.integer({ min: -3, max: 3 }),
    reason: fc.constant('counted'),
    now: at,
  }),
  fc.record({ type: type('ReserveStock'), orderId: orders, lines, askRegions: fc.constantFrom<Region[]>([], [west]), now: at }),
  fc.record({ type: type('ReleaseStock'), orderId: orders, lines, now: at }),
  fc.record({ type: type('ShipStock'), orderId: orders, shipmentId: ids, lines, now: at }),
  fc.record({ type: type('RestockStock'), orderId: orders, returnId: ids, lines, now: at }),
  fc.record({ type: type('SendTransfer'), transferId: ids, sku: skus, quantity, to: fc.constant(west), now: at }),
  fc
    .record({ orderId: orders, sku: skus, quantity: fc.integer({ min: 0, max: 4 }), lines })
    .map((of) => ({ type: 'ReceiveTransfer' as const, transferId: `${of.orderId}:${of.sku}:west`, from: west, now, ...of })),
  fc.record({
    type: type('ListProduct'),
    sku: skus,
    name: fc.constantFrom('One', 'Two'),
    unitPriceMinor: fc.constantFrom(100, 200),
    currency: fc.constantFrom('GBP', 'EUR'),
    now: at,
  }),
);

const listedIn =
  (stateOf: (id: string) => InventoryState) =>
  (of: Parameters<typeof streamOf.product>[0]): ListedProduct | undefined => {
    const state = stateOf(streamOf.product(of));
    return state.kind === 'product' ? state.listed : undefined;
  };

/** Long enough that every kind of event comes about. */
const lengths = { minLength: 80, maxLength: 160 };
const options = { numRuns: 200, seed: 20_261_121 };
const kindsOf = (seen: ReadonlyMap<string, ReadonlySet<string>>, types: readonly string[]) =>
  Object.fromEntries(types.map((name) => [name, [...(seen.get(name) ?? ['never seen'])].sort().join(' or ')]));

it('orders: what a client or operator asked for can be asked again from its commit, the rest is derived', () => {
  const seen = new Map<string, Set<string>>();
  const history = fc.array(orderCommand, lengths);
  fc.assert(
    fc.property(history, (commands) => checkOrigins(orderDecider, commands, orderCommitOrigin, seen)),
    options,
  );
  expect(kindsOf(seen, orderEvents.types)).toEqual({
    OrderPlaced: 'outside',
    OrderConfirmed: 'derived',
    OrderCancelled: 'derived or outside',
    OrderLinesShipped: 'outside',
    OrderLinesReturned: 'outside',
  });
});

it('payments: what the provider answered can be recorded again from its commit, intents are derived', () => {
  const seen = new Map<string, Set<string>>();
  const history = fc.array(paymentCommand, lengths);
  fc.assert(
    fc.property(history, (commands) => checkOrigins(paymentDecider, commands, paymentCommitOrigin, seen)),
    options,
  );
  const expected = paymentEvents.types.map((name) => [name, name.endsWith('Requested') ? 'derived' : 'outside']);
  expect(kindsOf(seen, paymentEvents.types)).toEqual(Object.fromEntries(expected));
});

it('stock: what operators booked and listed can be asked again from its commit, the rest is derived', () => {
  const seen = new Map<string, Set<string>>();
  const history = fc.array(inventoryCommand, lengths);
  fc.assert(
    fc.property(history, (commands) =>
      checkOrigins(inventoryDecider, commands, (events, stateOf) => inventoryCommitOrigin(events, listedIn(stateOf)), seen),
    ),
    options,
  );
  const isOutside = (name: string): boolean => /^(StockReceived|StockAdjusted|Product\w+)$/.test(name);
  const expected = inventoryEvents.types.map((name) => [name, isOutside(name) ? 'outside' : 'derived']);
  expect(kindsOf(seen, inventoryEvents.types)).toEqual(Object.fromEntries(expected));
});

const listing = fc.record({
  type: type('ListProduct'),
  sku: fc.constant(sku('tea')),
  name: fc.constantFrom('One', 'Two'),
  unitPriceMinor: fc.constantFrom(100, 200),
  currency: fc.constantFrom('GBP', 'EUR'),
  now: at,
});

it('products: what a later command has listed is not undone by a stranded commit, whose command is offered again', () => {
  let tried = 0;
  fc.assert(
    fc.property(fc.array(listing, { minLength: 2, maxLength: 12 }), (commands) => {
      const product = streamOf.product(sku('tea'));
      let state = inventoryDecider.initialState(product);
      const stateOf = (): InventoryState => state;
      const decided: (readonly InventoryEvent[])[] = [];
      for (const [ms, command] of commands.entries()) {
        const decision = inventoryDecider.decide({ ...command, now: instantAfter(now, ms) }, stateOf);
        assert(decision.outcome === 'accepted', 'a product can always be listed');
        if (decision.events.length === 0) continue;
        decided.push(decision.events);
        for (const event of decision.events) state = inventoryDecider.evolve(product, state, event);
        for (const events of decided) {
          const from = inventoryCommitOrigin(events, listedIn(stateOf));
          assert(from.origin === 'outside', 'what is listed comes from outside');
          const again = inventoryDecider.decide(from.command, stateOf);
          expect(again.outcome === 'accepted' ? again.events : again.refusal.code).toEqual(
            again.outcome === 'accepted' ? [] : 'listed-later',
          );
          tried += 1;
        }
      }
    }),
    options,
  );
  expect(tried).toBeGreaterThan(1_000);
});

it('a rename whose product is not known is incomplete, not guessed', () => {
  const renamed = { type: 'ProductRenamed', sku: sku('tea'), name: 'Two', renamedAt: now } as const;
  expect(inventoryCommitOrigin([renamed], () => undefined).origin).toBe('incomplete');
});
