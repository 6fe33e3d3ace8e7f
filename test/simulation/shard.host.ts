import { assert, assertNever, type Decider, type Decision } from '#kernel';
import {
  inventoryCommandSchema,
  inventoryEvents,
  orderCommandSchema,
  orderEvents,
  paymentCommandSchema,
  paymentEvents,
  type EventCatalogue,
  type InventoryCommand,
  type OrderCommand,
  type PaymentCommand,
  type Service,
} from '#contracts';
import { inventoryDecider } from '../../apps/inventory-service/src/domain/inventory.ts';
import { orderDecider } from '../../apps/order-service/src/domain/order.ts';
import type { CheckoutEvent } from '../../apps/order-service/src/domain/checkout.ts';
import { paymentDecider } from '../../apps/payment-service/src/domain/payment.ts';

export type AnyCommand = OrderCommand | InventoryCommand | PaymentCommand;
export type AnyEvent = CheckoutEvent;
type Outcome = Decision<AnyEvent, { readonly code: string }>;

export interface ShardHost {
  /** Settled at once: the log protocol has its own simulation. */
  readonly commits: readonly (readonly AnyEvent[])[];
  readonly states: ReadonlyMap<string, unknown>;
  decide(command: AnyCommand): Outcome;
}

interface Schema<Command> {
  parse(command: unknown): Command;
}

/** Holds a shard as a writer does: checks the command, loads streams, decides, stores through the codec, evolves. */
function host<Command, Event extends AnyEvent, State, Refusal extends { readonly code: string }>(
  decider: Decider<Command, Event, State, Refusal>,
  schema: Schema<Command>,
  catalogue: Pick<EventCatalogue<Event>, 'encode' | 'decode'>,
): ShardHost {
  const commits: Event[][] = [];
  const states = new Map<string, State>();
  return {
    commits,
    states,
    decide: (raw) => {
      const command = schema.parse(raw);
      const streams = new Set(decider.streamsOf(command));
      const decision = decider.decide(command, (id) => {
        assert(streams.has(id), `${id} is not among the streams of ${JSON.stringify(command)}`);
        return states.get(id) ?? decider.initialState(id);
      });
      if (decision.outcome === 'refused' || decision.events.length === 0) return decision;
      const events = [...catalogue.decode(catalogue.encode(decision.events))];
      for (const event of events)
        for (const id of decider.streamsChangedBy(event)) {
          assert(streams.has(id), `${event.type} changes ${id}, which was not loaded`);
          states.set(id, decider.evolve(id, states.get(id) ?? decider.initialState(id), event));
        }
      commits.push(events);
      return decision;
    },
  };
}

export function shardHost(service: Service): ShardHost {
  switch (service) {
    case 'order':
      return host(orderDecider, orderCommandSchema, orderEvents);
    case 'inventory':
      return host(inventoryDecider, inventoryCommandSchema, inventoryEvents);
    case 'payment':
      return host(paymentDecider, paymentCommandSchema, paymentEvents);
    default:
      return assertNever(service);
  }
}
