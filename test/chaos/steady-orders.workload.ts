import { setTimeout as delay } from 'node:timers/promises';
import { orderIdOf, partitionOf, placeOrderAnswerSchema, shardId, type ShardId } from '#contracts';
import { answered, askApiUntilAnswered, type Customer, type Shop, type WholeSystem } from '#test-kit';

/** One order that was acknowledged: settled, so it must exist for ever, once. */
export interface Acknowledged {
  readonly shard: ShardId;
  readonly customer: Customer;
  readonly key: string;
  readonly orderId: string;
  readonly atMs: number;
}

export interface SteadyOrdersOptions {
  readonly system: WholeSystem;
  readonly shop: Shop;
  readonly sku: string;
  readonly everyMs: number;
  /** How long an order is asked for again and again; longer than any outage that the test makes. Default a minute. */
  readonly answeredWithinMs?: number;
}

/** Orders in every order shard at a steady pace, one at a time per shard, each asked for until it is answered. */
export class SteadyOrders {
  readonly acknowledged: Acknowledged[] = [];
  readonly shards: readonly ShardId[];
  readonly #running: Promise<void>;
  readonly #stop = new AbortController();

  constructor(options: SteadyOrdersOptions) {
    const { topology } = options.system;
    const places = topology.homes.flatMap((home) => Array.from({ length: topology.partitions }, (_, partition) => ({ home, partition })));
    this.shards = places.map(({ home, partition }) => shardId({ service: 'order', home, partition }));
    this.#running = Promise.all(
      places.map(async ({ home, partition }) => {
        const customer = await options.shop.customerOf(home);
        for (let number = 1; !this.#stop.signal.aborted; number++) await this.#placeOne(options, customer, partition, number);
      }),
    ).then(() => undefined);
    this.#running.catch(() => this.#stop.abort()); // `stop` tells
  }

  /** Resolves when what was under way is answered. @throws Error when a request got no clear answer for too long */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get failed(): boolean {
    return this.#stop.signal.aborted;
  }

  async #placeOne(
    { system, shop, sku, everyMs, answeredWithinMs = 60_000 }: SteadyOrdersOptions,
    customer: Customer,
    partition: number,
    number: number,
  ): Promise<void> {
    const key = keyInPartition(customer, `${number}`, partition, system.topology.partitions);
    const shard = shardId({ service: 'order', home: customer.home, partition });
    const startedMs = performance.now();
    const request = shop.placeRequest({ customer, lines: [{ sku, quantity: 1 }], key });
    const answer = await askApiUntilAnswered(shop.storefronts(customer.home), { ...request, timeoutMs: 20_000 }, answeredWithinMs);
    const { orderId } = answered(answer, [200, 201], placeOrderAnswerSchema);
    this.acknowledged.push({ shard, customer, key, orderId, atMs: performance.now() });
    const restMs = startedMs + everyMs - performance.now();
    if (restMs > 0 && !this.#stop.signal.aborted) await delay(restMs);
  }
}

function keyInPartition(customer: Customer, name: string, partition: number, partitions: number): string {
  for (let attempt = 0; ; attempt++) {
    const key = `${name}.${attempt}`;
    if (partitionOf(orderIdOf(customer.id, key), partitions) === partition) return key;
  }
}
