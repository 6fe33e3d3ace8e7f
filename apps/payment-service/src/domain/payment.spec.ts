import { describe, expect, it } from 'vitest';
import { accept, deciderSpec, reject, type Decision } from '#kernel';
import { customerId, orderId, paymentCommandSchema, paymentEvents, type PaymentCommand, type PaymentEvent } from '#contracts';
import { intentsProcess, outstandingCalls } from './intents.ts';
import { paymentDecider, paymentStream } from './payment.ts';

const spec = deciderSpec(paymentDecider);
const eventsOf = <Event>(decision: Decision<Event, unknown>): readonly Event[] => (decision.outcome === 'accepted' ? decision.events : []);
const order = orderId('ord_abcdefghijklmnopqrstuvwxyz');
const now = '2026-11-21T10:00:00.000Z';
const about = { orderId: order, now };
const ada = customerId('ada');
const currency = 'GBP';

const authorize: PaymentCommand = { type: 'AuthorizePayment', ...about, customerId: ada, amountMinor: 1000, currency };
const voidIt: PaymentCommand = { type: 'VoidPayment', ...about };
const capture = (captureId: string, amountMinor: number): PaymentCommand => ({
  type: 'CapturePayment',
  ...about,
  captureId,
  amountMinor,
  currency,
});
const refund = (refundId: string, amountMinor: number): PaymentCommand => ({
  type: 'RefundPayment',
  ...about,
  refundId,
  amountMinor,
  currency,
});
const recordAuthorized: PaymentCommand = { type: 'RecordAuthorized', ...about, authorizationId: 'auth-1' };
const recordDeclined: PaymentCommand = { type: 'RecordDeclined', ...about, reason: 'no funds' };
const recordCaptured = (captureId: string): PaymentCommand => ({ type: 'RecordCaptured', ...about, captureId });
const recordRefunded = (refundId: string): PaymentCommand => ({ type: 'RecordRefunded', ...about, refundId });

const requested: PaymentEvent = {
  type: 'PaymentAuthorizationRequested',
  orderId: order,
  customerId: ada,
  amountMinor: 1000,
  currency,
  requestedAt: now,
};
const authorized: PaymentEvent = { type: 'PaymentAuthorized', orderId: order, authorizationId: 'auth-1', authorizedAt: now };
const declined: PaymentEvent = { type: 'PaymentDeclined', orderId: order, reason: 'no funds', declinedAt: now };
const voidRequested: PaymentEvent = { type: 'PaymentVoidRequested', orderId: order, requestedAt: now };
const voided: PaymentEvent = { type: 'PaymentVoided', orderId: order, voidedAt: now };
const captureRequested = (captureId: string, amountMinor: number): PaymentEvent => ({
  type: 'PaymentCaptureRequested',
  orderId: order,
  captureId,
  amountMinor,
  currency,
  requestedAt: now,
});
const captured = (captureId: string, amountMinor: number): PaymentEvent => ({
  type: 'PaymentCaptured',
  orderId: order,
  captureId,
  amountMinor,
  capturedAt: now,
});
const captureRefused = (captureId: string): PaymentEvent => ({
  type: 'PaymentCaptureRefused',
  orderId: order,
  captureId,
  reason: 'expired',
  refusedAt: now,
});
const refundRequested = (refundId: string, amountMinor: number): PaymentEvent => ({
  type: 'PaymentRefundRequested',
  orderId: order,
  refundId,
  amountMinor,
  currency,
  requestedAt: now,
});

const paid = [requested, authorized];
const caught = [...paid, captureRequested('c1', 600), captured('c1', 600)];
const callsAfter = (...events: readonly PaymentEvent[]) =>
  outstandingCalls(
    events.reduce((state, event) => intentsProcess.evolve(state, event, { shard: 'payment.east.0' }), intentsProcess.initial(order)),
  );

describe('authorizing and voiding', () => {
  it('writes down what the provider will be asked', () => expect(spec.given().when(authorize)).toEqual(accept([requested])));

  it('knows another amount for the same order', () => {
    expect(spec.given(requested).when({ ...authorize, amountMinor: 1 })).toEqual(reject({ code: 'payment-differs' }));
  });

  it('remembers a void that comes before the authorization, and carries it out when that arrives', () => {
    expect(spec.given(requested).when(voidIt)).toEqual(accept([voidRequested]));
    expect(callsAfter(requested, voidRequested)).toMatchObject([{ kind: 'authorize' }]);
    expect(spec.given(requested, voidRequested).when(recordAuthorized)).toEqual(accept([authorized]));
    expect(callsAfter(requested, voidRequested, authorized)).toMatchObject([{ kind: 'void', authorizationId: 'auth-1' }]);
    expect(callsAfter(requested, voidRequested, authorized, voided)).toEqual([]);
  });

  it('never voids what was declined', () => {
    expect(spec.given(requested, declined).when(voidIt)).toEqual(accept([]));
    expect(callsAfter(requested, voidRequested, declined)).toEqual([]);
  });

  it('does not void what is captured or may be', () => {
    expect(spec.given(...paid, captureRequested('c1', 1)).when(voidIt)).toEqual(reject({ code: 'payment-already-captured' }));
    expect(spec.given(...paid, captureRequested('c1', 1), captureRefused('c1')).when(voidIt)).toEqual(accept([voidRequested]));
  });

  it.each([voidIt, capture('c1', 1), refund('r1', 1)])('refuses $type without a payment', (command) => {
    expect(spec.given().when(command)).toEqual(reject({ code: 'payment-not-found' }));
  });
});

describe('capturing and refunding', () => {
  it('captures no more than was authorized, outstanding captures counted, refused ones not', () => {
    const history = [...paid, captureRequested('c1', 600)];
    expect(spec.given(...history).when(capture('c2', 400))).toEqual(accept([captureRequested('c2', 400)]));
    expect(spec.given(...history).when(capture('c2', 401))).toEqual(reject({ code: 'more-than-authorized', amountMinorMax: 400 }));
    expect(spec.given(...history, captureRefused('c1')).when(capture('c2', 1000))).toMatchObject({ outcome: 'accepted', events: [{}] });
  });

  it('refunds no more than is certainly captured', () => {
    expect(spec.given(...paid, captureRequested('c1', 600)).when(refund('r1', 1))).toEqual(
      reject({ code: 'more-than-captured', amountMinorMax: 0 }),
    );
    expect(spec.given(...caught).when(refund('r1', 600))).toEqual(accept([refundRequested('r1', 600)]));
    expect(spec.given(...caught, refundRequested('r1', 500)).when(refund('r2', 101))).toEqual(
      reject({ code: 'more-than-captured', amountMinorMax: 100 }),
    );
  });

  it('refuses ids that stand for another amount, and other currencies', () => {
    expect(spec.given(...caught).when(capture('c1', 1))).toEqual(reject({ code: 'capture-id-reused', captureId: 'c1' }));
    expect(spec.given(...caught, refundRequested('r1', 5)).when(refund('r1', 6))).toEqual(
      reject({ code: 'refund-id-reused', refundId: 'r1' }),
    );
    expect(spec.given(...paid).when({ ...capture('c1', 1), currency: 'EUR' } as PaymentCommand)).toEqual(
      reject({ code: 'currency-differs', currency: 'GBP' }),
    );
  });

  it('captures nothing before the authorization or after the void', () => {
    expect(spec.given(requested).when(capture('c1', 1))).toEqual(reject({ code: 'payment-not-authorized' }));
    expect(spec.given(...paid, voidRequested).when(capture('c1', 1))).toEqual(reject({ code: 'payment-voided' }));
  });
});

describe('outcomes', () => {
  it.each([recordAuthorized, recordDeclined, { type: 'RecordVoided', ...about } as const, recordCaptured('c1'), recordRefunded('r1')])(
    'refuses $type of what was never asked',
    (command) => {
      expect(spec.given().when(command)).toEqual(reject({ code: 'intent-unknown' }));
    },
  );

  it('lets the first answer stand', () => {
    expect(spec.given(requested, declined).when(recordAuthorized)).toEqual(reject({ code: 'outcome-differs' }));
    expect(spec.given(...paid).when(recordDeclined)).toEqual(reject({ code: 'outcome-differs' }));
    expect(spec.given(...caught).when({ type: 'RecordCaptureRefused', ...about, captureId: 'c1', reason: 'x' })).toEqual(
      reject({ code: 'outcome-differs' }),
    );
  });

  it('lists the calls that are not answered, with keys that are always the same', () => {
    expect(callsAfter(requested)).toEqual([
      { kind: 'authorize', idempotencyKey: `${order}:authorize`, orderId: order, customerId: ada, amountMinor: 1000, currency },
    ]);
    expect(
      callsAfter(...caught, captureRequested('c2', 400), refundRequested('r1', 100)).map(({ idempotencyKey }) => idempotencyKey),
    ).toEqual([`${order}:capture:c2`, `${order}:refund:r1`]);
  });
});

describe('every command twice', () => {
  const all: readonly [string, readonly PaymentEvent[], PaymentCommand][] = [
    ['authorize', [], authorize],
    ['void early', [requested], voidIt],
    ['void', paid, voidIt],
    ['capture', paid, capture('c1', 600)],
    ['refund', caught, refund('r1', 600)],
    ['record authorized', [requested], recordAuthorized],
    ['record authorized after a void', [requested, voidRequested], recordAuthorized],
    ['record declined', [requested], recordDeclined],
    ['record voided', [...paid, voidRequested], { type: 'RecordVoided', ...about }],
    ['record captured', [...paid, captureRequested('c1', 600)], recordCaptured('c1')],
    [
      'record capture refused',
      [...paid, captureRequested('c1', 600)],
      { type: 'RecordCaptureRefused', ...about, captureId: 'c1', reason: 'x' },
    ],
    ['record refunded', [...caught, refundRequested('r1', 600)], recordRefunded('r1')],
    [
      'record refund refused',
      [...caught, refundRequested('r1', 600)],
      { type: 'RecordRefundRefused', ...about, refundId: 'r1', reason: 'x' },
    ],
  ];

  it.each(all)('%s: the second changes nothing', (_, history, command) => {
    paymentCommandSchema.parse(command);
    const { first, second } = spec.given(...history).whenTwice(command);
    expect(eventsOf(first)).toHaveLength(1);
    expect(paymentEvents.decode(paymentEvents.encode(eventsOf(first)))).toEqual(eventsOf(first));
    expect(second).toEqual(accept([]));
  });

  it('finds one stream per order', () => {
    for (const [, , command] of all) expect(paymentDecider.streamsOf(command)).toEqual([paymentStream(order)]);
  });
});
