import { assertNever } from '#kernel';
import type { CustomerId, OrderId, PaymentEvent } from '#contracts';
import type { ProcessDefinition } from '#process-manager';
import { evolvePayment } from './payment.evolve.ts';
import type { Movement, PaymentState } from './payment.state.ts';

/** A call that the provider was promised by a settled intent. The key makes it safe to repeat, by either region. */
export type ProviderCall = {
  readonly idempotencyKey: string;
  readonly orderId: OrderId;
} & (
  | { readonly kind: 'authorize'; readonly customerId: CustomerId; readonly amountMinor: number; readonly currency: string }
  | { readonly kind: 'void'; readonly authorizationId: string }
  | {
      readonly kind: 'capture';
      readonly captureId: string;
      readonly authorizationId: string;
      readonly amountMinor: number;
      readonly currency: string;
    }
  | {
      readonly kind: 'refund';
      readonly refundId: string;
      readonly authorizationId: string;
      readonly amountMinor: number;
      readonly currency: string;
    }
);

const isOutstanding = ({ outcome }: Movement): boolean => outcome === 'outstanding';

/** Everything that the provider was not heard about yet, in the order in which it was intended. Captures come before refunds. */
export function outstandingCalls(state: PaymentState): readonly ProviderCall[] {
  switch (state.status) {
    case 'absent':
    case 'declined':
    case 'voided':
      return [];
    case 'authorizing': {
      const { orderId, customerId, amountMinor, currency } = state.terms;
      return [{ kind: 'authorize', idempotencyKey: `${orderId}:authorize`, orderId, customerId, amountMinor, currency }];
    }
    case 'voiding': {
      const { orderId } = state.terms;
      return [{ kind: 'void', idempotencyKey: `${orderId}:void`, orderId, authorizationId: state.authorizationId }];
    }
    case 'authorized': {
      const { orderId, currency } = state.terms;
      const { authorizationId } = state;
      const captures = state.captures.filter(isOutstanding).map(({ id, amountMinor }) => {
        const idempotencyKey = `${orderId}:capture:${id}`;
        return { kind: 'capture', idempotencyKey, orderId, captureId: id, authorizationId, amountMinor, currency } as const;
      });
      const refunds = state.refunds.filter(isOutstanding).map(({ id, amountMinor }) => {
        const idempotencyKey = `${orderId}:refund:${id}`;
        return { kind: 'refund', idempotencyKey, orderId, refundId: id, authorizationId, amountMinor, currency } as const;
      });
      return [...captures, ...refunds];
    }
    default:
      return assertNever(state);
  }
}

/**
 * The provider's side of payments, keyed by order id: folds the settled payment events into the same state that the decider keeps.
 * It requires no command; its work is `outstandingCalls`, made by the region that owns the payment's shard. Each answer becomes a
 * `Record…` command, whose settled event ends the call.
 */
export const intentsProcess: ProcessDefinition<PaymentEvent, PaymentState, never> = {
  name: 'intents',
  keysOf: ({ orderId }) => [orderId],
  initial: () => ({ status: 'absent' }),
  evolve: evolvePayment,
  required: () => [],
  deadlineOf: () => undefined,
  done: (state) => outstandingCalls(state).length === 0,
};
