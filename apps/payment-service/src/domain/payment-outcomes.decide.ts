import { accept, assertNever, reject, type Decision } from '#kernel';
import type { PaymentCommand, PaymentEvent } from '#contracts';
import type { PaymentRefusal } from './payment.refusals.ts';
import type { Movement, PaymentState } from './payment.state.ts';

type PaymentDecision = Decision<PaymentEvent, PaymentRefusal>;
type OutcomeCommand = Extract<PaymentCommand, { type: `Record${string}` }>;
type CommandOf<Type extends OutcomeCommand['type']> = Extract<OutcomeCommand, { type: Type }>;

const unknown = reject<PaymentRefusal>({ code: 'intent-unknown' });
const differs = reject<PaymentRefusal>({ code: 'outcome-differs' });

/** Records what the provider answered, once: the same answer again changes nothing, another one is refused. */
export function recordOutcome(command: OutcomeCommand, state: PaymentState): PaymentDecision {
  switch (command.type) {
    case 'RecordAuthorized':
      return recordAuthorized(command, state);
    case 'RecordDeclined':
      return recordDeclined(command, state);
    case 'RecordVoided':
      if (state.status === 'voided') return accept([]);
      if (state.status !== 'voiding') return unknown;
      return accept([{ type: 'PaymentVoided', orderId: command.orderId, voidedAt: command.now }]);
    case 'RecordCaptured':
    case 'RecordCaptureRefused':
      return recordCapture(command, state);
    case 'RecordRefunded':
    case 'RecordRefundRefused':
      return recordRefund(command, state);
    default:
      return assertNever(command);
  }
}

function recordAuthorized({ orderId, authorizationId, now }: CommandOf<'RecordAuthorized'>, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'absent':
      return unknown;
    case 'authorizing':
      return accept([{ type: 'PaymentAuthorized', orderId, authorizationId, authorizedAt: now }]);
    case 'declined':
      return differs;
    case 'authorized':
    case 'voiding':
    case 'voided':
      return state.authorizationId === authorizationId ? accept([]) : differs;
    default:
      return assertNever(state);
  }
}

function recordDeclined({ orderId, reason, now }: CommandOf<'RecordDeclined'>, state: PaymentState): PaymentDecision {
  switch (state.status) {
    case 'absent':
      return unknown;
    case 'authorizing':
      return accept([{ type: 'PaymentDeclined', orderId, reason, declinedAt: now }]);
    case 'declined':
      return accept([]); // the wording of the reason may vary
    case 'authorized':
    case 'voiding':
    case 'voided':
      return differs;
    default:
      return assertNever(state);
  }
}

function recordCapture(command: CommandOf<'RecordCaptured' | 'RecordCaptureRefused'>, state: PaymentState): PaymentDecision {
  const { orderId, captureId, now } = command;
  const captures = state.status === 'authorized' ? state.captures : [];
  return recordMovement(captures, captureId, command.type === 'RecordCaptured' ? 'done' : 'refused', ({ amountMinor }) =>
    command.type === 'RecordCaptured'
      ? { type: 'PaymentCaptured', orderId, captureId, amountMinor, capturedAt: now }
      : { type: 'PaymentCaptureRefused', orderId, captureId, reason: command.reason, refusedAt: now },
  );
}

function recordRefund(command: CommandOf<'RecordRefunded' | 'RecordRefundRefused'>, state: PaymentState): PaymentDecision {
  const { orderId, refundId, now } = command;
  const refunds = state.status === 'authorized' ? state.refunds : [];
  return recordMovement(refunds, refundId, command.type === 'RecordRefunded' ? 'done' : 'refused', ({ amountMinor }) =>
    command.type === 'RecordRefunded'
      ? { type: 'PaymentRefunded', orderId, refundId, amountMinor, refundedAt: now }
      : { type: 'PaymentRefundRefused', orderId, refundId, reason: command.reason, refusedAt: now },
  );
}

function recordMovement(
  movements: readonly Movement[],
  id: string,
  outcome: 'done' | 'refused',
  eventOf: (movement: Movement) => PaymentEvent,
): PaymentDecision {
  const movement = movements.find((known) => known.id === id);
  if (movement === undefined) return unknown;
  if (movement.outcome === 'outstanding') return accept([eventOf(movement)]);
  return movement.outcome === outcome ? accept([]) : differs;
}
