import type { Region, ShardId } from '#contracts';
import { newlyRequired, type ProcessDefinition, type RequiredCommand } from '#process-manager';
import { transfersProcess } from '../../apps/inventory-service/src/domain/transfers.ts';
import { checkoutProcess, type CheckoutLimits } from '../../apps/order-service/src/domain/checkout.ts';
import { intentsProcess, outstandingCalls, type ProviderCall } from '../../apps/payment-service/src/domain/intents.ts';
import type { PaymentState } from '../../apps/payment-service/src/domain/payment.ts';
import type { AnyCommand, AnyEvent } from './shard.host.ts';

type AnyProcess = ProcessDefinition<AnyEvent, unknown, AnyCommand>;
type Topology = Parameters<typeof checkoutProcess>[0];

interface Hosted {
  readonly service: string;
  readonly process: AnyProcess;
  /** As the table gives them back: through JSON. */
  readonly states: Map<string, unknown>;
}

/** All process managers of one region: folds what it reads, shard by shard, and says what it would command. */
export class RegionReader {
  readonly region: Region;
  readonly positions = new Map<ShardId, number>();
  readonly #hosted: readonly Hosted[];

  constructor(region: Region, topology: Topology, limits: CheckoutLimits) {
    this.region = region;
    this.#hosted = [
      { service: '', process: checkoutProcess(topology, limits), states: new Map() },
      { service: 'inventory', process: transfersProcess(topology), states: new Map() },
      { service: 'payment', process: intentsProcess, states: new Map() },
    ];
  }

  /** Folds the events of one commit and returns what they made necessary. */
  read(shard: ShardId, events: readonly AnyEvent[], now: string): readonly RequiredCommand<AnyCommand>[] {
    this.positions.set(shard, (this.positions.get(shard) ?? 0) + 1);
    return events.flatMap((event) =>
      this.#hosted
        .filter(({ service }) => shard.startsWith(service))
        .flatMap(({ process, states }) =>
          process.keysOf(event).flatMap((key) => {
            const before = stateIn(states, process, key);
            const after = process.evolve(before, event, { shard });
            states.set(key, JSON.parse(JSON.stringify(after)));
            return newlyRequired(process, before, after, now);
          }),
        ),
    );
  }

  /** Everything that is still needed: what a sweeper issues, and what resumes half-done work after a takeover. */
  sweep(now: string): readonly RequiredCommand<AnyCommand>[] {
    return this.#hosted.flatMap(({ process, states }) =>
      [...states.values()].flatMap((state) => (process.done(state) ? [] : process.required(state, now))),
    );
  }

  calls(): readonly ProviderCall[] {
    const intents = this.#hosted.find(({ process }) => process.name === 'intents');
    return [...(intents?.states.values() ?? [])].flatMap((state) => outstandingCalls(state as PaymentState));
  }

  /** Keys of processes that are not at rest, with their state: empty when a system has come to its end. */
  unfinished(): readonly string[] {
    return this.#hosted.flatMap(({ process, states }) =>
      [...states].filter(([, state]) => !process.done(state)).map(([key, state]) => `${process.name} ${key}: ${JSON.stringify(state)}`),
    );
  }

  /** For comparison with the other region's. */
  states(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      this.#hosted.flatMap(({ process, states }) => [...states].map(([key, state]) => [`${process.name} ${key}`, state])),
    );
  }
}

const stateIn = (states: ReadonlyMap<string, unknown>, process: AnyProcess, key: string): unknown =>
  states.get(key) ?? process.initial(key);
