import type { Decider } from '#kernel';
import { orderId, type PaymentCommand, type PaymentEvent } from '#contracts';
import { decidePayment } from './payment.decide.ts';
import { evolvePayment } from './payment.evolve.ts';
import type { PaymentRefusal } from './payment.refusals.ts';
import type { PaymentState } from './payment.state.ts';

export type { PaymentRefusal } from './payment.refusals.ts';
export type { AuthorizedPayment, Movement, PaymentState, PaymentTerms } from './payment.state.ts';

export const paymentStream = (id: string): string => `payment:${id}`;
export const orderOfPaymentStream = (streamId: string) => orderId(streamId.slice('payment:'.length));

/**
 * Decides payments: one stream per order. Guarantees: what the provider is asked stands in the log before it is asked; captures add
 * up to at most the authorization, refunds to at most what was captured; a void is never lost, also one that comes before the
 * authorization's outcome; each intent has one outcome, the first that was recorded.
 */
export const paymentDecider: Decider<PaymentCommand, PaymentEvent, PaymentState, PaymentRefusal> = {
  streamsOf: (command) => [paymentStream(command.orderId)],
  streamsChangedBy: (event) => [paymentStream(event.orderId)],
  initialState: () => ({ status: 'absent' }),
  decide: (command, stateOf) => decidePayment(command, stateOf(paymentStream(command.orderId))),
  evolve: (_streamId, state, event) => evolvePayment(state, event),
};
