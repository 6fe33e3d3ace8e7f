import { UnknownEventError } from './events.ts';
import { inventoryEvents, type InventoryEvent } from './inventory.events.ts';
import { orderEvents, type OrderEvent } from './order.events.ts';
import { paymentEvents, type PaymentEvent } from './payment.events.ts';

/** What a process manager that follows several services folds. Types are unique across services. */
export type AnyEvent = OrderEvent | InventoryEvent | PaymentEvent;

const catalogues = [orderEvents, inventoryEvents, paymentEvents];

/** Reads a commit of any service. A commit is of one service, so its first event tells which. */
export const allEvents = {
  /** @throws UnknownEventError, ZodError, SyntaxError: the commit is to be parked. */
  decode(body: string): readonly AnyEvent[] {
    const type: unknown = JSON.parse(body)?.events?.[0]?.type;
    const catalogue = catalogues.find(({ types }) => (types as readonly unknown[]).includes(type));
    if (catalogue === undefined) throw new UnknownEventError(`unknown event type: ${String(type)}`);
    return catalogue.decode(body);
  },
};
