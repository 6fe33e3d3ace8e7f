import { derivedCommandId, type CommandId, type OrderId, type PaymentCommand } from '#contracts';
import { assertNever } from '#kernel';
import type { ProviderCall } from '../domain/intents.ts';
import type { ProviderOutcome } from '../provider/payment-provider.port.ts';

/** The provider's answer, to be put before the payment's shard. */
export interface OutcomeCommand {
  readonly commandId: CommandId;
  /** Key of the shard's partition, and the correlation. */
  readonly orderId: OrderId;
  readonly command: PaymentCommand;
}

/** Pure. `now` is UTC, ISO 8601. The same answer to the same call has the same command id. */
export function outcomeCommand(call: ProviderCall, outcome: ProviderOutcome, now: string): OutcomeCommand {
  return {
    commandId: derivedCommandId(call.idempotencyKey, outcome.outcome),
    orderId: call.orderId,
    command: commandOf(call, outcome, now),
  };
}

function commandOf(call: ProviderCall, outcome: ProviderOutcome, now: string): PaymentCommand {
  const about = { orderId: call.orderId, now };
  const approved = outcome.outcome === 'approved';
  const reason = approved ? '' : outcome.reason;
  switch (call.kind) {
    case 'authorize':
      return approved
        ? { type: 'RecordAuthorized', ...about, authorizationId: outcome.providerId }
        : { type: 'RecordDeclined', ...about, reason };
    case 'capture':
      return approved
        ? { type: 'RecordCaptured', ...about, captureId: call.captureId }
        : { type: 'RecordCaptureRefused', ...about, captureId: call.captureId, reason };
    case 'void':
      // A void that is declined means that there is no hold to end: it was captured, or is gone. Either way nothing is left to void.
      return { type: 'RecordVoided', ...about };
    case 'refund':
      return approved
        ? { type: 'RecordRefunded', ...about, refundId: call.refundId }
        : { type: 'RecordRefundRefused', ...about, refundId: call.refundId, reason };
    default:
      return assertNever(call);
  }
}
