import { assertNever, type Decider } from '#kernel';
import {
  inventoryCommandSchema,
  inventoryEvents,
  orderCommandSchema,
  orderEvents,
  paymentCommandSchema,
  paymentEvents,
  type AnyEvent,
  type EventCatalogue,
  type Service,
} from '#contracts';
import { inventoryDecider } from '../../../apps/inventory-service/src/domain/inventory.ts';
import { orderDecider } from '../../../apps/order-service/src/domain/order.ts';
import { paymentDecider } from '../../../apps/payment-service/src/domain/payment.ts';

/** What a writer of any service decides with: the shop's own deciders, schemas and codecs. */
export interface ServiceDecisions {
  readonly decider: Decider<never, AnyEvent, unknown, { readonly code: string }>;
  readonly catalogue: EventCatalogue<AnyEvent>;
  readonly parse: (command: unknown) => never;
}

const decisions = (decider: unknown, catalogue: unknown, schema: { parse(command: unknown): unknown }): ServiceDecisions => ({
  decider: decider as ServiceDecisions['decider'],
  catalogue: catalogue as ServiceDecisions['catalogue'],
  parse: (command) => schema.parse(command) as never,
});

const order = decisions(orderDecider, orderEvents, orderCommandSchema);
const inventory = decisions(inventoryDecider, inventoryEvents, inventoryCommandSchema);
const payment = decisions(paymentDecider, paymentEvents, paymentCommandSchema);

export function decisionsOf(service: Service): ServiceDecisions {
  switch (service) {
    case 'order':
      return order;
    case 'inventory':
      return inventory;
    case 'payment':
      return payment;
    default:
      return assertNever(service);
  }
}

export const serviceDecider = (service: Service): ServiceDecisions['decider'] => decisionsOf(service).decider;
