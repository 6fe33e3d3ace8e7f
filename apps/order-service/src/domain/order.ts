import type { Decider } from '#kernel';
import type { OrderCommand, OrderEvent } from '#contracts';
import { decideOrder } from './order.decide.ts';
import { evolveOrder } from './order.evolve.ts';
import type { OrderRefusal } from './order.refusals.ts';
import type { OrderState } from './order.state.ts';

export type { OrderRefusal } from './order.refusals.ts';
export type { ConfirmedOrder, LineProgress, OrderState } from './order.state.ts';

/**
 * Decides orders: one stream per order, named by the order id. Guarantees: a placed order ends confirmed or cancelled, never both;
 * no line is shipped beyond what was ordered or returned beyond what was shipped; the captures of an order add up to at most its
 * total, its refunds to at most its captures. It knows neither stock nor payment: the checkout process brings them together.
 */
export const orderDecider: Decider<OrderCommand, OrderEvent, OrderState, OrderRefusal> = {
  streamsOf: ({ orderId }) => [orderId],
  streamsChangedBy: ({ orderId }) => [orderId],
  initialState: () => ({ status: 'absent' }),
  decide: (command, stateOf) => decideOrder(command, stateOf(command.orderId)),
  evolve: (_streamId, state, event) => evolveOrder(state, event),
};
