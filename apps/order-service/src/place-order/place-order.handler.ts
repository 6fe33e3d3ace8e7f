import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { commandIdOf, homeOf, type OrderCommand, orderIdOf, partitionOf, requestFingerprint, shardId, type Topology } from '#contracts';
import {
  CLOCK,
  type Clock,
  COMMAND_GATEWAY,
  decideDeadlineMs,
  outcomeUnknown,
  problem,
  queuedAnswer,
  settledWrite,
  TOPOLOGY,
  writeAnswer,
} from '#service-kit';
import type { CommandGateway, SendCommand } from '#shard-log';
import { currentTraceparent, spanNames, withSpan } from '#telemetry';
import { orderRefusalProblem } from '../order-refusals.http.ts';
import { CATALOGUE, type Catalogue } from './catalogue.port.ts';
import { ORDER_OUTCOMES, type OrderOutcomes } from './order-outcomes.port.ts';
import { type PlacedOrder, PlaceOrderRequest } from './place-order.command.ts';
import { pricedOrder } from './priced-lines.ts';

type PlaceOrder = Extract<OrderCommand, { type: 'PlaceOrder' }>;
type ToSend = Omit<SendCommand, 'deadlineMs'> & { readonly command: PlaceOrder };

@CommandHandler(PlaceOrderRequest)
export class PlaceOrderHandler implements ICommandHandler<PlaceOrderRequest> {
  readonly #gateway: CommandGateway;
  readonly #topology: Topology;
  readonly #catalogue: Catalogue;
  readonly #outcomes: OrderOutcomes;
  readonly #clock: Clock;

  constructor(
    @Inject(COMMAND_GATEWAY) gateway: CommandGateway,
    @Inject(TOPOLOGY) topology: Topology,
    @Inject(CATALOGUE) catalogue: Catalogue,
    @Inject(ORDER_OUTCOMES) outcomes: OrderOutcomes,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.#gateway = gateway;
    this.#topology = topology;
    this.#catalogue = catalogue;
    this.#outcomes = outcomes;
    this.#clock = clock;
  }

  async execute(request: PlaceOrderRequest): Promise<PlacedOrder> {
    const sent = await this.#commandFor(request);
    return request.prefer.respondAsync
      ? withSpan(spanNames.commandQueue, {}, () => this.#queue({ ...sent, traceparent: currentTraceparent() }, request))
      : withSpan(spanNames.commandDecide, {}, () => this.#decide({ ...sent, traceparent: currentTraceparent() }, request));
  }

  async #commandFor({ customer, idempotencyKey, body }: PlaceOrderRequest): Promise<ToSend> {
    const orderId = orderIdOf(customer, idempotencyKey);
    const fingerprint = requestFingerprint({ ...body, customerId: customer });
    const { lines, currency } = await pricedOrder(body, this.#catalogue);
    const surcharges = body.surcharges ?? [];
    return {
      shard: shardId({
        service: 'order',
        home: homeOf(this.#topology, customer),
        partition: partitionOf(orderId, this.#topology.partitions),
      }),
      key: orderId,
      commandId: commandIdOf('place', orderId, fingerprint),
      correlation: orderId,
      traceparent: '',
      command: {
        type: 'PlaceOrder',
        orderId,
        customerId: customer,
        currency,
        lines,
        surcharges,
        requestFingerprint: fingerprint,
        now: this.#clock(),
      },
    };
  }

  async #queue(sent: ToSend, { customer }: PlaceOrderRequest): Promise<PlacedOrder> {
    const queued = await this.#gateway.queue(sent);
    if (queued === 'unknown') throw outcomeUnknown();
    if (queued !== 'queued') throw problem('unavailable', { detail: queued.unavailable, headers: { 'retry-after': '1' } });
    return {
      placedNow: true,
      answer: { orderId: sent.command.orderId, status: 'queued', ...queuedAnswer(homeOf(this.#topology, customer)) },
    };
  }

  async #decide(sent: ToSend, { customer, body, prefer }: PlaceOrderRequest): Promise<PlacedOrder> {
    const { orderId } = sent.command;
    const answer = await this.#gateway.decide({ ...sent, deadlineMs: decideDeadlineMs });
    const write = settledWrite(answer, sent.shard, orderRefusalProblem(body.lines));
    const waitMs = (prefer.waitSeconds ?? 0) * 1000;
    // An order that this request placed has no outcome yet; one that an earlier request placed may have.
    const outcome = waitMs > 0 || !write.changed ? await this.#outcomes.outcomeOf(orderId, waitMs) : undefined;
    return {
      placedNow: write.changed,
      answer: { orderId, status: outcome ?? 'pending', ...writeAnswer(homeOf(this.#topology, customer), [write]) },
    };
  }
}
