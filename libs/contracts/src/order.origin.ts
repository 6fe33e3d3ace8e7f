import { assert, assertNever } from '#kernel';
import { derived, type CommitOrigin } from './commit-origin.ts';
import type { OrderCommand } from './order.commands.ts';
import type { OrderEvent } from './order.events.ts';
import type { LineQuantity } from './values.ts';

/** The origin of a commit of the order service. Each of its decisions has one event. */
export function orderCommitOrigin(events: readonly OrderEvent[]): CommitOrigin<OrderCommand> {
  const [event] = events;
  assert(event !== undefined, 'a commit has at least one event');
  switch (event.type) {
    case 'OrderPlaced': {
      const { orderId, customerId, currency, lines, surcharges, requestFingerprint, placedAt } = event;
      return outside({ type: 'PlaceOrder', orderId, customerId, currency, lines, surcharges, requestFingerprint, now: placedAt });
    }
    case 'OrderConfirmed':
      return derived('the checkout confirms an order that has its stock and its payment');
    case 'OrderCancelled': {
      const { orderId, reason, cancelledAt } = event;
      if (reason !== 'requested-by-customer') return derived(`the checkout cancels an order (${reason}) where that still holds`);
      return outside({ type: 'CancelOrder', orderId, reason, now: cancelledAt });
    }
    case 'OrderLinesShipped': {
      const { orderId, shipmentId, lines, shippedAt } = event;
      return outside({ type: 'ShipLines', orderId, shipmentId, lines: lines.map(asked), now: shippedAt });
    }
    case 'OrderLinesReturned': {
      const { orderId, returnId, lines, returnedAt } = event;
      return outside({ type: 'ReturnLines', orderId, returnId, lines: lines.map(asked), now: returnedAt });
    }
    default:
      return assertNever(event);
  }
}

const outside = (command: OrderCommand): CommitOrigin<OrderCommand> => ({ origin: 'outside', command });
const asked = ({ lineNumber, quantity }: LineQuantity): LineQuantity => ({ lineNumber, quantity });
