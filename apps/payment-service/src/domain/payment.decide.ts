import { accept, assertNever, reject, type Decision } from '#kernel';
import type { PaymentCommand, PaymentEvent } from '#contracts';
import { recordOutcome } from './payment-outcomes.decide.ts';
import type { PaymentRefusal } from './payment.refusals.ts';
import { capturedMinorOf, claimedMinorOf, type AuthorizedPayment, type Movement, type PaymentState } from './payment.state.ts';

type PaymentDecision = Decision<PaymentEvent, PaymentRefusal>;
type CommandOf<Type extends PaymentCommand['type']> = Extract<PaymentCommand, { type: Type }>;

export function decidePayment(command: PaymentCommand, state: PaymentState): PaymentDecision {
  switch (command.type) {
    case 'AuthorizePayment':
      return authorize(command, state);
    case 'VoidPayment':
      return voidPayment(command, state);
    case 'CapturePayment':
      return whenAuthorized(state, (payment) => capture(command, payment));
    case 'RefundPayment':
      return whenAuthorized(state, (payment) => refund(command, payment));
    default:
      return recordOutcome(command, state);
  }
}

function authorize(command: CommandOf<'AuthorizePayment'>, state: PaymentState): PaymentDecision {
  const { orderId, customerId, amountMinor, currency, now } = command;
  if (state.status === 'absent')
    return accept([{ type: 'PaymentAuthorizationRequested', orderId, customerId, amountMinor, currency, requestedAt: now }]);
  // One payment per order: a repeat finds it in whatever state, even declined or voided, and asks for nothing new.
  return state.terms.amountMinor === amountMinor && state.terms.currency === currency ? accept([]) : reject({ code: 'payment-differs' });
}

function voidPayment({ orderId, now }: CommandOf<'VoidPayment'>, state: PaymentState): PaymentDecision {
  const requested = accept<PaymentEvent>([{ type: 'PaymentVoidRequested', orderId, requestedAt: now }]);
  switch (state.status) {
    case 'absent':
      return reject({ code: 'payment-not-found' });
    case 'authorizing':
      return state.voidRequested ? accept([]) : requested;
    case 'declined':
      return accept([]); // there is nothing to give back
    case 'authorized':
      return claimedMinorOf(state.captures) > 0 ? reject({ code: 'payment-already-captured' }) : requested;
    case 'voiding':
    case 'voided':
      return accept([]);
    default:
      return assertNever(state);
  }
}

function whenAuthorized(state: PaymentState, decide: (payment: AuthorizedPayment) => PaymentDecision): PaymentDecision {
  switch (state.status) {
    case 'absent':
      return reject({ code: 'payment-not-found' });
    case 'authorizing':
    case 'declined':
      return reject({ code: 'payment-not-authorized' });
    case 'authorized':
      return decide(state);
    case 'voiding':
    case 'voided':
      return reject({ code: 'payment-voided' });
    default:
      return assertNever(state);
  }
}

/** What a movement with the same id says of this one: a repeat, an id that is used again, or nothing. */
function repeatOf(movements: readonly Movement[], id: string, amountMinor: number): 'none' | 'same' | 'other' {
  const known = movements.find((movement) => movement.id === id);
  if (known === undefined) return 'none';
  return known.amountMinor === amountMinor ? 'same' : 'other';
}

function capture(command: CommandOf<'CapturePayment'>, payment: AuthorizedPayment): PaymentDecision {
  const { orderId, captureId, amountMinor, currency, now } = command;
  const repeat = repeatOf(payment.captures, captureId, amountMinor);
  if (repeat === 'same') return accept([]);
  if (repeat === 'other') return reject({ code: 'capture-id-reused', captureId });
  if (currency !== payment.terms.currency) return reject({ code: 'currency-differs', currency: payment.terms.currency });
  const amountMinorMax = payment.terms.amountMinor - claimedMinorOf(payment.captures);
  if (amountMinor > amountMinorMax) return reject({ code: 'more-than-authorized', amountMinorMax });
  return accept([{ type: 'PaymentCaptureRequested', orderId, captureId, amountMinor, currency, requestedAt: now }]);
}

function refund(command: CommandOf<'RefundPayment'>, payment: AuthorizedPayment): PaymentDecision {
  const { orderId, refundId, amountMinor, currency, now } = command;
  const repeat = repeatOf(payment.refunds, refundId, amountMinor);
  if (repeat === 'same') return accept([]);
  if (repeat === 'other') return reject({ code: 'refund-id-reused', refundId });
  if (currency !== payment.terms.currency) return reject({ code: 'currency-differs', currency: payment.terms.currency });
  const amountMinorMax = capturedMinorOf(payment.captures) - claimedMinorOf(payment.refunds);
  if (amountMinor > amountMinorMax) return reject({ code: 'more-than-captured', amountMinorMax });
  return accept([{ type: 'PaymentRefundRequested', orderId, refundId, amountMinor, currency, requestedAt: now }]);
}
