import type { DataSource } from 'typeorm';
import { orderEvents, type OrderEvent, type OrderId } from '#contracts';
import type { SettledCommit } from '#shard-log';
import type { OrderOutcome, OrderOutcomes, OutcomeWatch } from '../place-order/order-outcomes.port.ts';

type Status = OrderOutcome['status'];

/** An order of an earlier request may have come out before this one watched, and the tables show it late: so often they are asked. */
const tablesPollMs = 250;
/** Watches at once; one more than that notes nothing, and its request is answered "pending". */
const watchesMax = 2_000;

const outcomeEvents = ['OrderConfirmed', 'OrderCancelled'] as const satisfies OrderEvent['type'][];

const shown = `select status from orders where order_id = $1 and status in ('confirmed', 'cancelled')`;

/**
 * Outcomes as the settled log tells them to this process, which reads the order shards anyway: a request that placed its order hears of
 * the outcome when it is settled, and nobody asks the tables meanwhile. Only for an order of an earlier request are they asked.
 */
export class SettledOrderOutcomes implements OrderOutcomes {
  readonly #tables: Pick<DataSource, 'query'>;
  readonly #watches = new Map<string, Set<Watch>>();
  #count = 0;

  constructor(tables: Pick<DataSource, 'query'>) {
    this.#tables = tables;
  }

  /** Every settled commit of the order shards, in the order of each shard. */
  note({ commit, durability }: SettledCommit): void {
    if (!commit.streams.some((stream) => this.#watches.has(stream))) return;
    for (const [order, status] of outcomesIn(commit.body))
      for (const watch of this.#watches.get(order) ?? []) watch.note({ status, settled: { seq: commit.seq, durability } });
  }

  watch(order: OrderId): OutcomeWatch {
    const watch = new Watch(
      () => this.#shown(order),
      () => this.#forget(order, watch),
    );
    if (this.#count < watchesMax) {
      this.#watches.set(order, (this.#watches.get(order) ?? new Set()).add(watch));
      this.#count += 1;
    }
    return watch;
  }

  #forget(order: OrderId, watch: Watch): void {
    const watches = this.#watches.get(order);
    if (watches?.delete(watch) !== true) return;
    this.#count -= 1;
    if (watches.size === 0) this.#watches.delete(order);
  }

  async #shown(order: OrderId): Promise<OrderOutcome | undefined> {
    try {
      const [row] = await this.#tables.query<{ status: Status }[]>(shown, [order]);
      return row;
    } catch {
      return undefined; // while the tables are away nobody learns an outcome from them: the order stands, and its customer hears "pending"
    }
  }
}

class Watch implements OutcomeWatch {
  readonly #shown: () => Promise<OrderOutcome | undefined>;
  readonly #forget: () => void;
  readonly #noted = Promise.withResolvers<OrderOutcome>();
  #outcome: OrderOutcome | undefined;

  constructor(shownInTables: () => Promise<OrderOutcome | undefined>, forget: () => void) {
    this.#shown = shownInTables;
    this.#forget = forget;
  }

  note(outcome: OrderOutcome): void {
    this.#outcome ??= outcome;
    this.#noted.resolve(this.#outcome);
  }

  async outcome({ withinMs, maybeBefore }: Parameters<OutcomeWatch['outcome']>[0]): Promise<OrderOutcome | undefined> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const known = this.#outcome ?? (maybeBefore ? await this.#shown() : undefined);
      const leftMs = untilMs - performance.now();
      if (known !== undefined || leftMs <= 0) return known;
      await this.#notedWithin(maybeBefore ? Math.min(tablesPollMs, leftMs) : leftMs);
    }
  }

  close(): void {
    this.#forget();
  }

  async #notedWithin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.#noted.promise, late]);
    clearTimeout(timer);
  }
}

/** None when the commit cannot be read: the projector parks it, and the order is pending until somebody has decided. */
function outcomesIn(body: string): readonly (readonly [OrderId, Status])[] {
  if (!outcomeEvents.some((type) => body.includes(type))) return []; // most commits, an order's lines among them, need not be decoded
  try {
    return orderEvents.decode(body).flatMap((event): [OrderId, Status][] => {
      if (event.type === 'OrderConfirmed') return [[event.orderId, 'confirmed']];
      return event.type === 'OrderCancelled' ? [[event.orderId, 'cancelled']] : [];
    });
  } catch {
    return [];
  }
}
