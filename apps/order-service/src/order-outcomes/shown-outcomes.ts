import type { DataSource } from 'typeorm';
import type { OrderId } from '#contracts';
import type { OrderOutcome } from '../place-order/order-outcomes.port.ts';

const shown = `select order_id, status from orders where order_id = any($1::text[]) and status in ('confirmed', 'cancelled')`;

interface Question {
  readonly orders: Set<OrderId>;
  readonly answer: Promise<ReadonlyMap<OrderId, OrderOutcome>>;
}

/** Outcomes as this region's tables show them: one query at a time, and who comes while it runs is in the next one, with all others. */
export class ShownOutcomes {
  readonly #tables: Pick<DataSource, 'query'>;
  #next: Question | undefined;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(tables: Pick<DataSource, 'query'>) {
    this.#tables = tables;
  }

  /** Undefined also while the tables cannot be asked: the order stands, and its customer hears "pending". */
  async of(order: OrderId): Promise<OrderOutcome | undefined> {
    this.#next ??= this.#question();
    this.#next.orders.add(order);
    return (await this.#next.answer).get(order);
  }

  #question(): Question {
    const orders = new Set<OrderId>();
    const answer = this.#asking.then(() => {
      this.#next = undefined;
      return this.#ask([...orders]);
    });
    this.#asking = answer;
    return { orders, answer };
  }

  async #ask(orders: readonly OrderId[]): Promise<ReadonlyMap<OrderId, OrderOutcome>> {
    try {
      const rows = await this.#tables.query<{ order_id: OrderId; status: OrderOutcome['status'] }[]>(shown, [orders]);
      return new Map(rows.map(({ order_id: orderId, status }) => [orderId, { status }]));
    } catch {
      return new Map();
    }
  }
}
