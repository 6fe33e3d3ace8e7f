import { Inject, Injectable } from '@nestjs/common';
import {
  commandIdOf,
  type CustomerId,
  homeOf,
  type OrderCommand,
  type OrderId,
  orderIsOf,
  type OrderWriteAnswer,
  partitionOf,
  requestFingerprint,
  shardId,
  type Topology,
} from '#contracts';
import {
  type Caller,
  COMMAND_GATEWAY,
  decideDeadlineMs,
  mayActForOthers,
  problem,
  settledWrite,
  TOPOLOGY,
  writeAnswer,
} from '#service-kit';
import type { CommandGateway } from '#shard-log';
import { attributeNames, currentTraceparent, spanNames, withSpan } from '#telemetry';
import { orderRefusalProblem } from './order-refusals.http.ts';

/**
 * Whose order the caller acts on: its own, or, for operators and importers, the one that the `Evenkeel-Customer` header names.
 * An order id tells whether it is that customer's; somebody else's order is answered like one that does not exist.
 */
export function ownerOf(order: OrderId, caller: Caller, onBehalfOf: CustomerId | undefined): CustomerId {
  const customer = mayActForOthers(caller) ? (onBehalfOf ?? caller.customerId) : caller.customerId;
  if (customer === undefined)
    throw problem('invalid-request', { errors: [{ field: 'Evenkeel-Customer', message: 'is required: whose order is it?' }] });
  if (!orderIsOf(order, customer)) throw problem('order-not-found');
  return customer;
}

/** An order that exists, as its customer's or on its behalf. */
export interface OrderOperation {
  readonly customer: CustomerId;
  readonly idempotencyKey: string;
  readonly command: Exclude<OrderCommand, { type: 'PlaceOrder' | 'RecallOrder' }>;
}

/** Has an operation on an existing order decided by its shard's writer. */
@Injectable()
export class OrderOperations {
  readonly #gateway: CommandGateway;
  readonly #topology: Topology;
  constructor(@Inject(COMMAND_GATEWAY) gateway: CommandGateway, @Inject(TOPOLOGY) topology: Topology) {
    this.#gateway = gateway;
    this.#topology = topology;
  }

  async decide({ customer, idempotencyKey, command }: OrderOperation): Promise<OrderWriteAnswer> {
    const { orderId, type, now: _now, ...asked } = command;
    const home = homeOf(this.#topology, customer);
    const shard = shardId({ service: 'order', home, partition: partitionOf(orderId, this.#topology.partitions) });
    const answer = await withSpan(
      spanNames.commandDecide,
      { attributes: { [attributeNames.commandType]: type, [attributeNames.shard]: shard } },
      () =>
        this.#gateway.decide({
          shard,
          key: orderId,
          // `now` differs between retries and is no part of what was asked.
          commandId: commandIdOf(type.toLowerCase(), orderId, idempotencyKey, requestFingerprint(asked)),
          correlation: orderId,
          traceparent: currentTraceparent(),
          command,
          deadlineMs: decideDeadlineMs,
        }),
    );
    const write = settledWrite(answer, shard, orderRefusalProblem('lines' in command ? command.lines : []));
    return { orderId, ...writeAnswer(home, [write]) };
  }
}
