import { expect, it } from 'vitest';
import type { OrderId, PaymentEvent, ShardId } from '#contracts';
import type { SettledEvent } from '#projections';
import { evolvePayment } from '../domain/payment.evolve.ts';
import type { PaymentState } from '../domain/payment.ts';
import { paymentsProjection } from './payment.projection.ts';

const orderId = `ord_${'a'.repeat(26)}` as OrderId;
const shard = 'payment.east.0' as ShardId;
const at = '2026-11-21T12:00:00.000Z';
const amount = { amountMinor: 100, currency: 'GBP' };
const requested: PaymentEvent = {
  type: 'PaymentAuthorizationRequested',
  orderId,
  customerId: 'alice' as never,
  ...amount,
  requestedAt: at,
};
const authorized: PaymentEvent = { type: 'PaymentAuthorized', orderId, authorizationId: 'a', authorizedAt: at };
const declined: PaymentEvent = { type: 'PaymentDeclined', orderId, reason: 'no', declinedAt: at };
const voidRequested: PaymentEvent = { type: 'PaymentVoidRequested', orderId, requestedAt: at };
const voided: PaymentEvent = { type: 'PaymentVoided', orderId, voidedAt: at };

it.each<[string, PaymentEvent[]]>([
  ['requested', [requested]],
  ['authorized', [requested, authorized]],
  ['declined', [requested, declined]],
  ['voided', [requested, authorized, voidRequested, voided]],
  ['voided before the answer', [requested, voidRequested, authorized]],
  ['declined after a void', [requested, voidRequested, declined]],
])('has the status that the domain has: %s', (_, events) => {
  const state = events.reduce<PaymentState>(evolvePayment, { status: 'absent' });
  const [row] = paymentsProjection.fold(events.map((event, i): SettledEvent<PaymentEvent> => ({ shard, seq: i + 1, index: 0, event })));
  expect(row?.status).toBe(state.status);
});

it('tells captured from outstanding from refused', () => {
  const events: PaymentEvent[] = [
    requested,
    authorized,
    { type: 'PaymentCaptureRequested', orderId, captureId: 'c1', ...amount, requestedAt: at },
    { type: 'PaymentCaptureRequested', orderId, captureId: 'c2', ...amount, requestedAt: at },
    { type: 'PaymentCaptureRequested', orderId, captureId: 'c3', ...amount, requestedAt: at },
    { type: 'PaymentCaptured', orderId, captureId: 'c1', amountMinor: 60, capturedAt: at },
    { type: 'PaymentCaptureRefused', orderId, captureId: 'c2', reason: 'no', refusedAt: at },
    { type: 'PaymentRefundRequested', orderId, refundId: 'r', ...amount, requestedAt: at },
    { type: 'PaymentRefunded', orderId, refundId: 'r', amountMinor: 10, refundedAt: at },
  ];
  const [row] = paymentsProjection.fold(events.map((event, i) => ({ shard, seq: i + 1, index: 0, event })));
  expect(row).toMatchObject({
    captured_minor: 60,
    captures_outstanding: 1,
    captures_refused: 1,
    refunded_minor: 10,
    refunds_outstanding: 0,
  });
});
