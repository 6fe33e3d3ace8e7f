import type { AnyEvent, Region, ShardId } from '#contracts';
import type { RequiredCommand } from '#process-manager/process';
import type { CheckoutLimits } from '../../apps/order-service/src/domain/checkout.ts';
import type { ProviderCall } from '../../apps/payment-service/src/domain/intents.ts';
import { RegionProcesses, type AnyCommand } from './world/region-processes.ts';

/** All process managers of one region, and how far it has read each shard. States are as the table gives them back: through JSON. */
export class RegionReader {
  readonly region: Region;
  readonly positions = new Map<ShardId, number>();
  readonly #processes: RegionProcesses;

  constructor(region: Region, topology: ConstructorParameters<typeof RegionProcesses>[1], limits: CheckoutLimits) {
    this.region = region;
    this.#processes = new RegionProcesses(region, topology, limits);
  }

  /** Folds the events of one commit and returns what they made necessary. */
  read(shard: ShardId, events: readonly AnyEvent[], now: string): readonly RequiredCommand<AnyCommand>[] {
    this.positions.set(shard, (this.positions.get(shard) ?? 0) + 1);
    // One at a time: what one event made necessary stands though the next one ends it.
    return events.flatMap((event) => {
      const { after, required } = this.#processes.fold([{ shard, events: [event] }], now);
      this.#processes.commit({ after: new Map([...after].map(([row, state]) => [row, JSON.parse(JSON.stringify(state)) as unknown])) });
      return required;
    });
  }

  sweep(now: string): readonly RequiredCommand<AnyCommand>[] {
    return this.#processes.sweep(now);
  }

  calls(): readonly ProviderCall[] {
    return this.#processes.payments().flatMap(({ calls }) => calls);
  }

  /** Empty when a system has come to its end. */
  unfinished(): readonly string[] {
    return this.#processes.unfinished();
  }

  /** For comparison with the other region's. */
  states(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#processes.states());
  }
}
