import { assert, assertNever } from '#kernel';
import { derived, type CommitOrigin } from './commit-origin.ts';
import type { PaymentCommand } from './payment.commands.ts';
import type { PaymentEvent } from './payment.events.ts';

const intent = derived('the checkout asks for what an order still needs of its payment');

/**
 * The origin of a commit of the payment service. What the provider answered comes from outside: it was said to this region alone. An
 * intent that is stranded was never told to the provider, for only settled ones are.
 */
export function paymentCommitOrigin(events: readonly PaymentEvent[]): CommitOrigin<PaymentCommand> {
  const [event] = events;
  assert(event !== undefined, 'a commit has at least one event');
  const { orderId } = event;
  switch (event.type) {
    case 'PaymentAuthorizationRequested':
    case 'PaymentVoidRequested':
    case 'PaymentCaptureRequested':
    case 'PaymentRefundRequested':
      return intent;
    case 'PaymentAuthorized':
      return outside({ type: 'RecordAuthorized', orderId, authorizationId: event.authorizationId, now: event.authorizedAt });
    case 'PaymentDeclined':
      return outside({ type: 'RecordDeclined', orderId, reason: event.reason, now: event.declinedAt });
    case 'PaymentVoided':
      return outside({ type: 'RecordVoided', orderId, now: event.voidedAt });
    case 'PaymentCaptured':
      return outside({ type: 'RecordCaptured', orderId, captureId: event.captureId, now: event.capturedAt });
    case 'PaymentCaptureRefused':
      return outside({ type: 'RecordCaptureRefused', orderId, captureId: event.captureId, reason: event.reason, now: event.refusedAt });
    case 'PaymentRefunded':
      return outside({ type: 'RecordRefunded', orderId, refundId: event.refundId, now: event.refundedAt });
    case 'PaymentRefundRefused':
      return outside({ type: 'RecordRefundRefused', orderId, refundId: event.refundId, reason: event.reason, now: event.refusedAt });
    default:
      return assertNever(event);
  }
}

const outside = (command: PaymentCommand): CommitOrigin<PaymentCommand> => ({ origin: 'outside', command });
