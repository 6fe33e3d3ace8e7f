import { partitionOf, shardOf, type CustomerId, type OrderId, type OrderStatus, type ShardId, type ShardSeqs } from '#contracts';
import { acknowledged, askedOrders, byOperation, firstAcknowledged, type AskedOrder } from './asked-orders.ts';
import type { History, OrderSummarySeen } from './history.ts';
import { okOf, operationText, unitsOf } from './texts.ts';

/** All that is known of an order as of a seq of its shard only grows with it: so a read that has reached the seq shows no less. */
export interface Known {
  /** As in `rankOf`. */
  readonly rank: Told;
  readonly shipped: Told;
  readonly returned: Told;
}

export interface Told {
  readonly value: number;
  /** Who was told it, and when. */
  readonly by: string;
}

/** A status is followed only by a later one. */
export const rankOf: Readonly<Record<OrderStatus, number>> = { pending: 0, confirmed: 1, cancelled: 2 };
export const statusOfRank = (rank: number): string => Object.entries(rankOf).find(([, of]) => of === rank)?.[0] ?? 'absent';

export interface Fact {
  readonly seq: number;
  readonly rank: number;
  readonly shipped: number;
  readonly returned: number;
  readonly by: string;
}

/** What is known of one order, by seq. */
export class KnownOrder {
  readonly orderId: OrderId;
  readonly shard: ShardId;
  readonly #known: readonly (Known & { readonly seq: number })[];

  constructor(orderId: OrderId, shard: ShardId, facts: readonly Fact[]) {
    this.orderId = orderId;
    this.shard = shard;
    let last: Known | undefined;
    this.#known = facts
      .toSorted((a, b) => a.seq - b.seq)
      .map(({ seq, rank, shipped, returned, by }) => {
        last = {
          rank: higher(last?.rank, { value: rank, by }),
          shipped: higher(last?.shipped, { value: shipped, by }),
          returned: higher(last?.returned, { value: returned, by }),
        };
        return { seq, ...last };
      });
  }

  /** All that a read must show which has reached what the token names; undefined: nothing. */
  underToken(token: ShardSeqs): Known | undefined {
    const reached = token[this.shard] ?? 0;
    let [low, high] = [0, this.#known.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#known[middle]!.seq <= reached) low = middle + 1;
      else high = middle;
    }
    return this.#known[low - 1];
  }
}

const higher = (before: Told | undefined, now: Told): Told => (before === undefined || now.value > before.value ? now : before);

export interface KnownOrders {
  readonly byId: ReadonlyMap<OrderId, KnownOrder>;
  readonly byCustomer: ReadonlyMap<CustomerId, readonly KnownOrder[]>;
}

interface Collected {
  shard: ShardId | undefined;
  customer: CustomerId | undefined;
  readonly facts: Fact[];
}

class Collector {
  readonly #partitions: number;
  readonly #orders = new Map<OrderId, Collected>();
  readonly #partitionOf = new Map<OrderId, number>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /** Takes the fact in as of the seq at which the token stands in the order's shard; without one it says nothing. */
  add(orderId: OrderId, token: ShardSeqs, fact: Omit<Fact, 'seq'>, customer?: CustomerId): void {
    const order = this.#order(orderId);
    order.customer ??= customer;
    order.shard ??= this.#shardIn(orderId, token);
    const seq = order.shard === undefined ? 0 : (token[order.shard] ?? 0);
    if (seq > 0) order.facts.push({ ...fact, seq });
  }

  known(): KnownOrders {
    const byId = new Map<OrderId, KnownOrder>();
    const byCustomer = new Map<CustomerId, KnownOrder[]>();
    for (const [orderId, { shard, customer, facts }] of this.#orders) {
      if (shard === undefined || facts.length === 0) continue;
      const order = new KnownOrder(orderId, shard, facts);
      byId.set(orderId, order);
      if (customer === undefined) continue;
      const others = byCustomer.get(customer);
      if (others === undefined) byCustomer.set(customer, [order]);
      else others.push(order);
    }
    return { byId, byCustomer };
  }

  #order(orderId: OrderId): Collected {
    let order = this.#orders.get(orderId);
    if (order === undefined) this.#orders.set(orderId, (order = { shard: undefined, customer: undefined, facts: [] }));
    return order;
  }

  #shardIn(orderId: OrderId, token: ShardSeqs): ShardId | undefined {
    let partition = this.#partitionOf.get(orderId);
    if (partition === undefined) this.#partitionOf.set(orderId, (partition = partitionOf(orderId, this.#partitions)));
    return (Object.keys(token) as ShardId[]).find((id) => {
      const shard = shardOf(id);
      return shard.service === 'order' && shard.partition === partition;
    });
  }
}

/** What clients were told of what they did: by acknowledgements alone. */
export function toldByWrites(history: History): KnownOrders {
  const collector = new Collector(history.partitions);
  for (const [orderId, { places, cancels, ships, returns }] of askedOrders(history)) {
    for (const { operation, asked } of places) {
      const answer = acknowledged(operation)?.answer;
      if (answer?.kind !== 'place') continue;
      // The outcome that a repeat hears may come from the tables of one region: its token names it only where the request placed the order.
      const rank = answer.placedNow && answer.status !== 'queued' ? rankOf[answer.status] : 0;
      collector.add(orderId, answer.token, { rank, shipped: 0, returned: 0, by: operationText(operation) }, asked.customer);
    }
    const cancel = firstAcknowledged(cancels);
    if (cancel !== undefined) {
      const { token } = acknowledged(cancel.operation)!.answer;
      collector.add(orderId, token, { rank: rankOf.cancelled, shipped: 0, returned: 0, by: operationText(cancel.operation) });
    }
    for (const [moves, field] of [[ships, 'shipped'] as const, [returns, 'returned'] as const])
      for (const { token, by, units } of runningTotals(moves))
        collector.add(orderId, token, { rank: rankOf.confirmed, shipped: 0, returned: 0, [field]: units, by });
  }
  return collector.known();
}

/** What the acknowledged moves of an order come to, in order of the seqs that they were answered with. */
function runningTotals(moves: AskedOrder['ships']): readonly { readonly token: ShardSeqs; readonly by: string; readonly units: number }[] {
  const sure = [...byOperation(moves).values()].flatMap((same) => {
    const first = firstAcknowledged(same);
    if (first === undefined) return [];
    const { token } = acknowledged(first.operation)!.answer;
    const seq = Math.max(0, ...Object.values(token));
    return [{ token, seq, by: operationText(first.operation), units: unitsOf(first.asked.lines) }];
  });
  let total = 0;
  return sure.sort((a, b) => a.seq - b.seq).map(({ token, by, units }) => ({ token, by, units: (total += units) }));
}

/** What clients were shown by reads. */
export function toldByReads(history: History): KnownOrders {
  const collector = new Collector(history.partitions);
  const factOf = ({ status, unitsShipped, unitsReturned }: OrderSummarySeen, by: string): Omit<Fact, 'seq'> => ({
    rank: rankOf[status],
    shipped: unitsShipped,
    returned: unitsReturned,
    by,
  });
  for (const operation of history.operations) {
    const answer = okOf(operation)?.answer;
    if (answer?.kind === 'read-order' && answer.order !== 'absent')
      collector.add(answer.order.orderId, answer.token, factOf(answer.order, operationText(operation)));
    if (answer?.kind === 'list-orders' && operation.asked.kind === 'list-orders')
      for (const order of answer.orders)
        collector.add(order.orderId, answer.token, factOf(order, operationText(operation)), operation.asked.customer);
  }
  return collector.known();
}
