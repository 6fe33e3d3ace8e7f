import { setTimeout as delay } from 'node:timers/promises';
import { In, type DataSource } from 'typeorm';
import type { OrderId } from '#contracts';
import { OrderEntity } from '../get-order/order.entity.ts';
import type { OrderOutcomes } from '../place-order/order-outcomes.port.ts';

type Outcome = 'confirmed' | 'cancelled';

interface Waiting {
  readonly order: OrderId;
  readonly deadlineMs: number;
  readonly answer: (outcome: Outcome | undefined) => void;
}

const pollMs = 25;
const waitingMax = 2_000;

/**
 * Outcomes as this region's projection shows them. One poll serves everybody who waits. While the database is away nobody learns
 * an outcome: the order stands, and its customer is told that it is pending.
 */
export class ProjectedOrderOutcomes implements OrderOutcomes {
  readonly #database: DataSource;
  readonly #waiting = new Set<Waiting>();
  #polling = false;

  constructor(database: DataSource) {
    this.#database = database;
  }

  async outcomeOf(order: OrderId, withinMs: number): Promise<Outcome | undefined> {
    if (this.#waiting.size >= waitingMax) return undefined;
    return new Promise((answer) => {
      this.#waiting.add({ order, deadlineMs: performance.now() + withinMs, answer });
      if (this.#polling) return;
      this.#polling = true;
      void this.#poll(); // ends when nobody waits; never rejects
    });
  }

  async #poll(): Promise<void> {
    while (this.#waiting.size > 0) {
      this.#answer(await this.#outcomes());
      if (this.#waiting.size > 0) await delay(pollMs);
    }
    this.#polling = false;
  }

  async #outcomes(): Promise<ReadonlyMap<OrderId, Outcome>> {
    const ids = [...new Set([...this.#waiting].map(({ order }) => order))];
    try {
      const rows = await this.#database.manager.find(OrderEntity, {
        select: { orderId: true, status: true },
        where: { orderId: In(ids), status: In(['confirmed', 'cancelled']) },
      });
      return new Map(rows.map(({ orderId, status }) => [orderId, status as Outcome]));
    } catch {
      return new Map(); // no outcome is known now; the deadline bounds how often this is asked
    }
  }

  #answer(outcomes: ReadonlyMap<OrderId, Outcome>): void {
    const nowMs = performance.now();
    for (const waiting of this.#waiting) {
      const outcome = outcomes.get(waiting.order);
      if (outcome === undefined && nowMs < waiting.deadlineMs) continue;
      this.#waiting.delete(waiting);
      waiting.answer(outcome);
    }
  }
}
