import { Inject, Injectable } from '@nestjs/common';
import {
  commandIdOf,
  type InventoryCommand,
  partitionOf,
  type Region,
  requestFingerprint,
  shardId,
  type Sku,
  type Topology,
} from '#contracts';
import { COMMAND_GATEWAY, decideDeadlineMs, problem, ProblemError, type SettledWrite, settledWrite, TOPOLOGY } from '#service-kit';
import type { CommandGateway } from '#shard-log';
import { attributeNames, currentTraceparent, spanNames, withSpan } from '#telemetry';
import { inventoryRefusalProblem } from './inventory-refusals.http.ts';

type OperatorCommand = Extract<InventoryCommand, { type: 'ReceiveStock' | 'AdjustStock' | 'ListProduct' }>;

export interface StockOperation {
  /** Of the pool, or the catalogue. */
  readonly home: Region;
  readonly idempotencyKey: string;
  /** Id of the whole request: what its commits have in common. */
  readonly correlation: string;
  /** Where in the request it stands: `items[3]`. */
  readonly field: string;
  readonly command: OperatorCommand;
}

/** Has what operators ask for decided, each by the writer of its sku's shard. */
@Injectable()
export class StockOperations {
  readonly #gateway: CommandGateway;
  readonly #topology: Topology;
  constructor(@Inject(COMMAND_GATEWAY) gateway: CommandGateway, @Inject(TOPOLOGY) topology: Topology) {
    this.#gateway = gateway;
    this.#topology = topology;
  }

  /** @throws ProblemError naming `field`, when the topology has no pools there */
  poolOf(home: Region, field: string): Region {
    if (!this.#topology.homes.includes(home))
      throw problem('invalid-request', { errors: [{ field, message: `is none of ${this.#topology.homes.join(', ')}` }] });
    return home;
  }

  get catalogueHome(): Region {
    return this.#topology.catalogue;
  }

  async decide({ home, idempotencyKey, correlation, field, command }: StockOperation): Promise<SettledWrite> {
    const shard = this.#shardOf(home, command.sku);
    const { now: _now, ...asked } = command;
    const answer = await this.#gateway.decide({
      shard,
      key: command.sku,
      // `now` differs between retries and is no part of what was asked.
      commandId: commandIdOf(command.type.toLowerCase(), idempotencyKey, shard, requestFingerprint(asked)),
      correlation,
      traceparent: currentTraceparent(),
      command,
      deadlineMs: decideDeadlineMs,
    });
    return settledWrite(answer, shard, inventoryRefusalProblem(field));
  }

  /** All are sent at once; one problem names all the refused entries. A worse one (unknown, unavailable) is told first. */
  async decideAll(operations: readonly StockOperation[]): Promise<readonly SettledWrite[]> {
    const type = operations[0]?.command.type ?? '';
    return withSpan(spanNames.commandDecide, { attributes: { [attributeNames.commandType]: type } }, async () => {
      const results = await Promise.allSettled(operations.map((operation) => this.decide(operation)));
      const failures = results.filter((result) => result.status === 'rejected').map((result): unknown => result.reason);
      if (failures.length > 0) throw worstOf(failures, operations.length);
      return results.map((result) => (result as PromiseFulfilledResult<SettledWrite>).value);
    });
  }

  #shardOf(home: Region, sku: Sku): SettledWrite['shard'] {
    return shardId({ service: 'inventory', home, partition: partitionOf(sku, this.#topology.partitions) });
  }
}

function worstOf(failures: readonly unknown[], of: number): unknown {
  const problems = failures.filter((failure) => failure instanceof ProblemError);
  if (problems.length < failures.length) return failures.find((failure) => !(failure instanceof ProblemError));
  const worst = problems.toSorted((a, b) => b.status - a.status)[0]!;
  if (worst.status >= 500 || worst.status === 421 || of === 1) return worst;
  const detail = `${failures.length} of ${of} entries are refused; the others hold.`;
  return problem('not-processable', { detail, errors: problems.flatMap((failure) => failure.errors) });
}
