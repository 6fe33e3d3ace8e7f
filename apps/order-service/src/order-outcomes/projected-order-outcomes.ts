import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { OrderId } from '#contracts';
import type { OrderOutcomes } from '../place-order/order-outcomes.port.ts';

type Outcome = 'confirmed' | 'cancelled';

interface Waiting {
  readonly order: OrderId;
  readonly sinceMs: number;
  readonly deadlineMs: number;
  readonly answer: (outcome: Outcome | undefined) => void;
}

/** Monotonic; `rest` ends after so many milliseconds. */
export interface PollClock {
  nowMs(): number;
  rest(ms: number): Promise<unknown>;
}

const pollMs = 25;
/** An order that takes longer than this is asked for less often: it is not hurt by that, and the database is spared. */
const youngMs = 1_000;
const patientPollMs = 100;
const waitingMax = 2_000;

const settled = `select order_id, status from orders where order_id = any($1::text[]) and status in ('confirmed', 'cancelled')`;

/**
 * Outcomes as this region's projection shows them. One poll serves everybody who waits; who asks is asked for once at least, and
 * once more when the time is over. While the database is away nobody learns an outcome: the order stands, and its customer is told
 * that it is pending.
 */
export class ProjectedOrderOutcomes implements OrderOutcomes {
  readonly #database: Pick<DataSource, 'query'>;
  readonly #clock: PollClock;
  readonly #waiting = new Set<Waiting>();
  #polling = false;
  #askedForAllMs = 0;

  constructor(database: Pick<DataSource, 'query'>, clock: PollClock = { nowMs: () => performance.now(), rest: (ms) => delay(ms) }) {
    this.#database = database;
    this.#clock = clock;
  }

  async outcomeOf(order: OrderId, withinMs: number): Promise<Outcome | undefined> {
    if (this.#waiting.size >= waitingMax) return undefined;
    return new Promise((answer) => {
      const sinceMs = this.#clock.nowMs();
      this.#waiting.add({ order, sinceMs, deadlineMs: sinceMs + withinMs, answer });
      if (this.#polling) return;
      this.#polling = true;
      void this.#poll(); // ends when nobody waits; never rejects
    });
  }

  async #poll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const due = this.#due();
      if (due.length > 0) this.#answer(due, await this.#outcomes(due));
      if (this.#waiting.size > 0) await this.#clock.rest(pollMs);
    }
    this.#polling = false;
  }

  #due(): readonly Waiting[] {
    const nowMs = this.#clock.nowMs();
    const waiting = [...this.#waiting];
    if (nowMs - this.#askedForAllMs < patientPollMs)
      return waiting.filter(({ sinceMs, deadlineMs }) => nowMs - sinceMs < youngMs || nowMs >= deadlineMs);
    this.#askedForAllMs = nowMs;
    return waiting;
  }

  async #outcomes(due: readonly Waiting[]): Promise<ReadonlyMap<OrderId, Outcome>> {
    const ids = [...new Set(due.map(({ order }) => order))];
    try {
      const rows = await this.#database.query<{ order_id: OrderId; status: Outcome }[]>(settled, [ids]);
      return new Map(rows.map(({ order_id: orderId, status }) => [orderId, status]));
    } catch {
      return new Map(); // no outcome is known now; the deadline bounds how often this is asked
    }
  }

  #answer(asked: readonly Waiting[], outcomes: ReadonlyMap<OrderId, Outcome>): void {
    const nowMs = this.#clock.nowMs();
    for (const waiting of asked) {
      const outcome = outcomes.get(waiting.order);
      if (outcome === undefined && nowMs < waiting.deadlineMs) continue;
      this.#waiting.delete(waiting);
      waiting.answer(outcome);
    }
  }
}
