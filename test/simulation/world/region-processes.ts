import type { AnyEvent, Region, ShardId } from '#contracts';
import { newlyRequired, type ProcessDefinition, type RequiredCommand } from '#process-manager/process';
import { transfersProcess } from '../../../apps/inventory-service/src/domain/transfers.ts';
import { checkoutProcess, type CheckoutCommand, type CheckoutLimits } from '../../../apps/order-service/src/domain/checkout.ts';
import { intentsProcess, outstandingCalls, type ProviderCall } from '../../../apps/payment-service/src/domain/intents.ts';
import type { PaymentState } from '../../../apps/payment-service/src/domain/payment.ts';

export type AnyCommand = CheckoutCommand;
type AnyProcess = ProcessDefinition<AnyEvent, unknown, AnyCommand>;
type Topology = Parameters<typeof checkoutProcess>[0];

export interface FoldedCommit {
  readonly shard: ShardId;
  readonly events: readonly AnyEvent[];
}

/** What a batch makes of the states: not theirs yet. */
export interface FoldedBatch {
  readonly after: ReadonlyMap<string, unknown>;
  /** What has become necessary by it. */
  readonly required: readonly RequiredCommand<AnyCommand>[];
}

interface Hosted {
  /** Services whose events it folds; undefined: all. */
  readonly service: string | undefined;
  readonly process: AnyProcess;
}

/** All process managers of one region, and their table: states are plain JSON, moved by the batch. */
export class RegionProcesses {
  readonly region: Region;
  readonly #hosted: readonly Hosted[];
  readonly #states = new Map<string, unknown>();
  /** Rows of processes that are not at rest, with when they moved, or were swept, last. */
  readonly #open = new Map<string, number>();

  constructor(region: Region, topology: Topology, limits: CheckoutLimits) {
    this.region = region;
    this.#hosted = [
      { service: undefined, process: checkoutProcess(topology, limits) },
      { service: 'inventory', process: transfersProcess(topology) },
      { service: 'payment', process: intentsProcess },
    ];
  }

  fold(commits: readonly FoldedCommit[], now: string): FoldedBatch {
    const after = new Map<string, unknown>();
    const touched = new Map<string, { readonly process: AnyProcess; readonly key: string }>();
    for (const { shard, events } of commits)
      for (const { service, process } of this.#hosted) {
        if (service !== undefined && !shard.startsWith(service)) continue;
        for (const event of events)
          for (const key of process.keysOf(event)) {
            const row = rowOf(process, key);
            touched.set(row, { process, key });
            after.set(row, process.evolve(after.get(row) ?? this.#stateOf(process, key), event, { shard }));
          }
      }
    const required = [...touched].flatMap(([row, { process, key }]) =>
      newlyRequired(process, this.#stateOf(process, key), after.get(row), now),
    );
    return { after, required };
  }

  commit({ after }: Pick<FoldedBatch, 'after'>, atMs = 0): void {
    for (const [row, state] of after) {
      this.#states.set(row, state);
      if (this.#processOf(row).done(state)) this.#open.delete(row);
      else this.#open.set(row, atMs);
    }
  }

  /** What is still needed of those that have not moved since an instant: what a sweeper issues, and what resumes half-done work. */
  sweep(now: string, atMs = 0, sinceMs = Infinity): readonly RequiredCommand<AnyCommand>[] {
    const due = [...this.#open].filter(([, movedMs]) => movedMs <= sinceMs);
    for (const [row] of due) this.#open.set(row, atMs);
    return due.flatMap(([row]) => this.#processOf(row).required(this.#states.get(row), now));
  }

  /** The payments that a batch has moved, or all that are open: with what the provider is to be asked for. */
  payments(
    rows: Iterable<string> = this.#open.keys(),
  ): readonly { readonly state: PaymentState; readonly order: string; readonly calls: readonly ProviderCall[] }[] {
    return [...rows].flatMap((row) => {
      if (!row.startsWith('intents ')) return [];
      const state = this.#states.get(row) as PaymentState;
      return [{ state, order: row.slice('intents '.length), calls: outstandingCalls(state) }];
    });
  }

  /** Of processes that are not at rest: empty when a system has come to its end. */
  unfinished(): readonly string[] {
    return [...this.#open.keys()].map((row) => `${row}: ${JSON.stringify(this.#states.get(row))}`);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** By `name key`, for comparison with another region's. */
  states(): ReadonlyMap<string, unknown> {
    return this.#states;
  }

  #stateOf(process: AnyProcess, key: string): unknown {
    return this.#states.get(rowOf(process, key)) ?? process.initial(key);
  }

  #processOf(row: string): AnyProcess {
    return this.#hosted.find(({ process }) => row.startsWith(`${process.name} `))!.process;
  }
}

const rowOf = (process: AnyProcess, key: string): string => `${process.name} ${key}`;
