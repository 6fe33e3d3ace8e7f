import { homeOf, partitionOf, shardId, type Homes, type ShardId } from '#contracts';
import type { PaymentState } from '../domain/payment.ts';
import type { OutcomeCommand } from './outcome.command.ts';

/** The shard of a payment; undefined before its terms are known, when nothing is outstanding either. */
export function paymentShardOf(topology: Homes, state: PaymentState): ShardId | undefined {
  if (!('terms' in state)) return undefined;
  const { customerId, orderId } = state.terms;
  return shardId({ service: 'payment', home: homeOf(topology, customerId), partition: partitionOf(orderId, topology.partitions) });
}

/** Remembers which shard a payment's outcomes go to, for as long as calls are outstanding. */
export class OutcomeShards {
  readonly #shards = new Map<string, ShardId>();

  set(orderId: string, shard: ShardId | undefined): void {
    if (shard === undefined) this.#shards.delete(orderId);
    else this.#shards.set(orderId, shard);
  }

  clear(): void {
    this.#shards.clear();
  }

  /** Outcomes of payments that are no longer outstanding concern nobody. */
  addressed(commands: readonly OutcomeCommand[]): readonly (OutcomeCommand & { readonly shard: ShardId })[] {
    return commands.flatMap((command) => {
      const shard = this.#shards.get(command.orderId);
      return shard === undefined ? [] : [{ ...command, shard }];
    });
  }
}
