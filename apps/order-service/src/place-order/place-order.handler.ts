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
  ProblemError,
  queuedAnswer,
  settledWrite,
  TOPOLOGY,
  writeAnswer,
} from '#service-kit';
import type { CommandGateway, SendCommand } from '#shard-log';
import { currentTraceparent, spanNames, withSpan } from '#telemetry';
import type { OrderRefusal } from '../domain/order.ts';
import { orderRefusalProblem } from '../order-refusals.http.ts';
import { CATALOGUE, type Catalogue } from './catalogue.port.ts';
import { ORDER_OUTCOMES, type OrderOutcomes } from './order-outcomes.port.ts';
import { type PlacedOrder, PlaceOrderRequest } from './place-order.command.ts';
import { pricedOrder, type PricedOrder } from './priced-lines.ts';

type PlaceOrder = Extract<OrderCommand, { type: 'PlaceOrder' }>;
type RecallOrder = Extract<OrderCommand, { type: 'RecallOrder' }>;
type ToSend<Command = PlaceOrder | RecallOrder> = Omit<SendCommand, 'deadlineMs'> & { readonly command: Command };

/** What pricing refuses for good. */
const unpriceable: ReadonlySet<string> = new Set(['unknown-sku', 'currency-mismatch']);
const notPlaced: OrderRefusal['code'] = 'order-not-found';

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
    const priced = await pricedOrder(request.body, this.#catalogue).catch((error: unknown) => {
      if (error instanceof ProblemError && unpriceable.has(error.code)) return error;
      throw error;
    });
    if (priced instanceof ProblemError) return this.#recall(request, priced);
    const sent = this.#placing(request, priced);
    return request.prefer.respondAsync
      ? withSpan(spanNames.commandQueue, {}, () => this.#queue({ ...sent, traceparent: currentTraceparent() }, request))
      : withSpan(spanNames.commandDecide, {}, () => this.#decide({ ...sent, traceparent: currentTraceparent() }, request));
  }

  /**
   * The catalogue may have changed since this request placed its order, or be older in this region: a definite no would be believed,
   * and the order would go on. So the shard is asked first.
   */
  #recall(request: PlaceOrderRequest, refused: ProblemError): Promise<PlacedOrder> {
    const { orderId, requestFingerprint, ...about } = this.#about(request);
    const command: RecallOrder = { type: 'RecallOrder', orderId, requestFingerprint, now: this.#clock() };
    const commandId = commandIdOf('recall', orderId, requestFingerprint);
    return withSpan(spanNames.commandDecide, {}, () =>
      this.#decide({ ...about, commandId, traceparent: currentTraceparent(), command }, request, refused),
    );
  }

  #placing(request: PlaceOrderRequest, { lines, currency }: PricedOrder): ToSend<PlaceOrder> {
    const { orderId, requestFingerprint, ...about } = this.#about(request);
    const { customer: customerId, body } = request;
    const surcharges = body.surcharges ?? [];
    const now = this.#clock();
    return {
      ...about,
      commandId: commandIdOf('place', orderId, requestFingerprint),
      traceparent: '',
      command: { type: 'PlaceOrder', orderId, customerId, currency, lines, surcharges, requestFingerprint, now },
    };
  }

  #about({ customer, idempotencyKey, body }: PlaceOrderRequest) {
    const orderId = orderIdOf(customer, idempotencyKey);
    const { partitions } = this.#topology;
    return {
      orderId,
      requestFingerprint: requestFingerprint({ ...body, customerId: customer }),
      shard: shardId({ service: 'order', home: homeOf(this.#topology, customer), partition: partitionOf(orderId, partitions) }),
      key: orderId,
      correlation: orderId,
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

  /** `ifAbsent`: what is wrong when there is no such order. */
  async #decide(sent: ToSend, { customer, body, prefer }: PlaceOrderRequest, ifAbsent?: ProblemError): Promise<PlacedOrder> {
    const { orderId } = sent.command;
    const { shard } = sent;
    const watch = this.#outcomes.watch(orderId);
    try {
      // A place is recognised wherever it stands; a recall must come after what it recalls.
      const mayOvertake = sent.command.type === 'PlaceOrder';
      const answer = await this.#gateway.decide({ ...sent, deadlineMs: decideDeadlineMs, mayOvertake });
      const refusalOf = orderRefusalProblem(body.lines);
      const write = settledWrite(answer, shard, (refusal) =>
        ifAbsent !== undefined && refusal.code === notPlaced ? ifAbsent : refusalOf(refusal),
      );
      const outcome = await watch.outcome({ withinMs: (prefer.waitSeconds ?? 0) * 1000, maybeBefore: !write.changed });
      // The token names the outcome's commit too: who has heard of it reads nothing older.
      const writes = outcome?.settled === undefined ? [write] : [write, { shard, ...outcome.settled }];
      return {
        placedNow: write.changed,
        answer: { orderId, status: outcome?.status ?? 'pending', ...writeAnswer(homeOf(this.#topology, customer), writes) },
      };
    } finally {
      watch.close();
    }
  }
}
