import { describe, expect, it } from 'vitest';
import { accept, deciderSpec, reject, type Decision } from '#kernel';
import { orderCommandSchema, orderEvents, sku, type OrderCommand, type OrderEvent } from '#contracts';
import { orderDecider } from './order.ts';
import {
  cancel,
  cancelled,
  carriage,
  confirm,
  confirmed,
  fingerprint,
  mug,
  place,
  placed,
  returned,
  ship,
  shipped,
  takeBack,
  tea,
} from './order.fixtures.ts';

const spec = deciderSpec(orderDecider);
const eventsOf = <Event>(decision: Decision<Event, unknown>): readonly Event[] => (decision.outcome === 'accepted' ? decision.events : []);

describe('placing', () => {
  it('adds lines and surcharges up to the minor unit', () => {
    expect(spec.given().when(place())).toEqual(accept([placed]));
  });

  it('knows the same request again, whatever became of the order', () => {
    for (const history of [[placed], [placed, confirmed], [placed, cancelled]])
      expect(spec.given(...history).when(place({ now: '2026-11-22T00:00:00.000Z' }))).toEqual(accept([]));
  });

  it('refuses a key that was used for another request, whatever became of the order', () => {
    for (const history of [[placed], [placed, confirmed], [placed, cancelled]])
      expect(spec.given(...history).when(place({ requestFingerprint: 'b'.repeat(64) }))).toEqual(
        reject({ code: 'idempotency-key-reused' }),
      );
  });

  it('is recalled by the same request, whatever became of the order, and by no other', () => {
    const recall = {
      type: 'RecallOrder',
      orderId: placed.orderId,
      requestFingerprint: fingerprint,
      now: '2026-11-22T00:00:00.000Z',
    } as const;
    for (const history of [[placed], [placed, confirmed], [placed, cancelled]]) {
      expect(spec.given(...history).when(recall)).toEqual(accept([]));
      expect(spec.given(...history).when({ ...recall, requestFingerprint: 'b'.repeat(64) })).toEqual(
        reject({ code: 'idempotency-key-reused' }),
      );
    }
    expect(spec.given().when(recall)).toEqual(reject({ code: 'order-not-found' }));
  });

  it.each([
    ['one line alone', [{ ...tea, quantity: 1_000_000, unitPriceMinor: 1_000_000_000_000 }], []],
    [
      'the sum of lines',
      [
        { ...tea, quantity: 1, unitPriceMinor: 1_000_000_000_000 },
        { ...mug, quantity: 1, unitPriceMinor: 1 },
      ],
      [],
    ],
    ['the surcharges', [{ ...tea, quantity: 1, unitPriceMinor: 1_000_000_000_000 }], [{ ...carriage, amountMinor: 1 }]],
  ])('refuses a total above the bound: %s', (_, lines, surcharges) => {
    expect(spec.given().when(place({ lines, surcharges }))).toEqual(reject({ code: 'total-too-large', totalMinorMax: 1_000_000_000_000 }));
  });

  it('takes a total that is exactly the bound', () => {
    const decision = spec.given().when(place({ lines: [{ ...tea, quantity: 1, unitPriceMinor: 1_000_000_000_000 }], surcharges: [] }));
    expect(decision).toMatchObject({ outcome: 'accepted', events: [{ totalMinor: 1_000_000_000_000 }] });
  });

  it('refuses more of one sku, over all lines, than can be reserved at once', () => {
    const lines = [
      { ...tea, quantity: 1_000_000, unitPriceMinor: 0 },
      { ...tea, lineNumber: 2, quantity: 1, unitPriceMinor: 0 },
    ];
    expect(spec.given().when(place({ lines }))).toEqual(reject({ code: 'quantity-too-large', sku: sku('tea'), quantityMax: 1_000_000 }));
  });

  it('refuses a line number that comes twice', () => {
    expect(spec.given().when(place({ lines: [tea, { ...mug, lineNumber: 1 }] }))).toEqual(
      reject({ code: 'line-number-repeated', lineNumber: 1 }),
    );
  });
});

describe('confirming and cancelling', () => {
  it('confirms a pending order', () => expect(spec.given(placed).when(confirm)).toEqual(accept([confirmed])));

  it('lets a cancellation that came first stand', () => expect(spec.given(placed, cancelled).when(confirm)).toEqual(accept([])));

  it('cancels while nothing has been shipped', () => {
    expect(spec.given(placed).when(cancel())).toEqual(accept([cancelled]));
    expect(spec.given(placed, confirmed).when(cancel())).toEqual(accept([cancelled]));
  });

  it('does not cancel what has left the house', () => {
    expect(spec.given(placed, confirmed, shipped('s1', [[tea, 1]], 650)).when(cancel())).toEqual(reject({ code: 'order-already-shipped' }));
  });

  it.each(['out-of-stock', 'payment-declined', 'expired'] as const)('lets a confirmation stand that came before "%s"', (reason) => {
    expect(spec.given(placed, confirmed).when(cancel(reason))).toEqual(accept([]));
  });

  it.each([confirm, cancel(), ship('s1', [1, 1]), takeBack('r1', [1, 1])])('refuses $type for an order that is not there', (command) => {
    expect(spec.given().when(command)).toEqual(reject({ code: 'order-not-found' }));
  });
});

describe('shipping', () => {
  it('captures its lines, and the surcharges with the first shipment only', () => {
    expect(spec.given(placed, confirmed).when(ship('s1', [1, 2]))).toEqual(accept([shipped('s1', [[tea, 2]], 900)]));
    expect(spec.given(placed, confirmed, shipped('s1', [[tea, 2]], 900)).when(ship('s2', [1, 1], [2, 1]))).toEqual(
      accept([
        shipped(
          's2',
          [
            [tea, 1],
            [mug, 1],
          ],
          1150,
        ),
      ]),
    );
  });

  it('adds up a line that is named twice', () => {
    expect(spec.given(placed, confirmed).when(ship('s1', [1, 1], [1, 2]))).toEqual(accept([shipped('s1', [[tea, 3]], 1150)]));
    expect(spec.given(placed, confirmed).when(ship('s1', [1, 2], [1, 2]))).toEqual(
      reject({ code: 'more-than-ordered', lineNumber: 1, quantityMax: 3 }),
    );
  });

  it('ships no more than was ordered, over all shipments', () => {
    expect(spec.given(placed, confirmed, shipped('s1', [[tea, 2]], 900)).when(ship('s2', [1, 2]))).toEqual(
      reject({ code: 'more-than-ordered', lineNumber: 1, quantityMax: 1 }),
    );
  });

  it('ships only confirmed orders and known lines', () => {
    expect(spec.given(placed).when(ship('s1', [1, 1]))).toEqual(reject({ code: 'order-not-confirmed' }));
    expect(spec.given(placed, cancelled).when(ship('s1', [1, 1]))).toEqual(reject({ code: 'order-cancelled' }));
    expect(spec.given(placed, confirmed).when(ship('s1', [9, 1]))).toEqual(reject({ code: 'line-not-found', lineNumber: 9 }));
  });

  it('refuses a shipment id that stands for other lines', () => {
    const history = [placed, confirmed, shipped('s1', [[tea, 2]], 900)];
    expect(spec.given(...history).when(ship('s1', [1, 2]))).toEqual(accept([]));
    expect(spec.given(...history).when(ship('s1', [1, 1]))).toEqual(reject({ code: 'shipment-id-reused', shipmentId: 's1' }));
    expect(spec.given(...history).when(ship('s1', [1, 2], [2, 1]))).toEqual(reject({ code: 'shipment-id-reused', shipmentId: 's1' }));
  });
});

describe('returning', () => {
  const history = [placed, confirmed, shipped('s1', [[tea, 2]], 900)];

  it('refunds quantity times unit price, never the surcharges', () => {
    expect(spec.given(...history).when(takeBack('r1', [1, 2]))).toEqual(accept([returned('r1', [[tea, 2]], 500)]));
  });

  it('takes back no more than was shipped and not yet returned', () => {
    expect(spec.given(...history, returned('r1', [[tea, 1]], 250)).when(takeBack('r2', [1, 2]))).toEqual(
      reject({ code: 'more-than-shipped', lineNumber: 1, quantityMax: 1 }),
    );
    expect(spec.given(...history).when(takeBack('r1', [2, 1]))).toEqual(
      reject({ code: 'more-than-shipped', lineNumber: 2, quantityMax: 0 }),
    );
  });

  it('refuses a return id that stands for other lines', () => {
    expect(spec.given(...history, returned('r1', [[tea, 1]], 250)).when(takeBack('r1', [1, 2]))).toEqual(
      reject({ code: 'return-id-reused', returnId: 'r1' }),
    );
  });
});

describe('every command twice', () => {
  const all: readonly [string, readonly OrderEvent[], OrderCommand][] = [
    ['place', [], place()],
    ['confirm', [placed], confirm],
    ['cancel a pending order', [placed], cancel('out-of-stock')],
    ['cancel a confirmed order', [placed, confirmed], cancel()],
    ['ship', [placed, confirmed], ship('s1', [1, 3], [2, 1])],
    ['return', [placed, confirmed, shipped('s1', [[tea, 3]], 1150)], takeBack('r1', [1, 3])],
  ];

  it.each(all)('%s: the second changes nothing', (_, history, command) => {
    orderCommandSchema.parse(command);
    const { first, second } = spec.given(...history).whenTwice(command);
    expect(eventsOf(first)).toHaveLength(1);
    expect(orderEvents.decode(orderEvents.encode(eventsOf(first)))).toEqual(eventsOf(first));
    expect(second).toEqual(accept([]));
  });

  it.each(all)('%s: refused twice for the same reason', (_, __, command) => {
    const history = [placed, confirmed, shipped('s1', [[mug, 1]], 1300)];
    const other = command.type === 'PlaceOrder' ? { ...command, requestFingerprint: fingerprint.replaceAll('a', 'c') } : command;
    const { first, second } = spec.given(...history).whenTwice(other);
    expect(second).toEqual(first.outcome === 'refused' ? first : accept([]));
  });
});
