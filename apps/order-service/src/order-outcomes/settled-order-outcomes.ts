import { orderEvents, type OrderEvent, type OrderId } from '#contracts';
import { Condition, type SettledCommit } from '#shard-log';
import type { OrderOutcome, OrderOutcomes, OutcomeWatch } from '../place-order/order-outcomes.port.ts';
import type { ShownOutcomes } from './shown-outcomes.ts';

type Status = OrderOutcome['status'];

/** An order of an earlier request may have come out before this one watched, and the tables show it late: so often they are asked. */
const tablesPollMs = 250;
/** Tables that do not answer hold nobody up for longer. */
const lookMs = 1_000;
/** Watches at once. One more notes nothing and waits for nothing. */
const watchesMax = 2_000;

const outcomeEvents = ['OrderConfirmed', 'OrderCancelled'] as const satisfies OrderEvent['type'][];

/**
 * Outcomes as the settled log tells them to this process, which reads the order shards anyway: a request that placed its order hears of
 * the outcome when it is settled, and nobody asks the tables meanwhile. Only for an order of an earlier request are they asked.
 */
export class SettledOrderOutcomes implements OrderOutcomes {
  readonly #shown: Pick<ShownOutcomes, 'of'>;
  readonly #watches = new Map<string, Set<Watch>>();
  #count = 0;

  constructor(shown: Pick<ShownOutcomes, 'of'>) {
    this.#shown = shown;
  }

  /** Every settled commit of the order shards, in the order of each shard. */
  note({ commit, durability }: SettledCommit): void {
    if (!commit.streams.some((stream) => this.#watches.has(stream))) return;
    for (const [order, status] of outcomesIn(commit.body))
      for (const watch of this.#watches.get(order) ?? []) watch.note({ status, settled: { seq: commit.seq, durability } });
  }

  watch(order: OrderId): OutcomeWatch {
    const notes = this.#count < watchesMax;
    const watch = new Watch({ notes, shown: () => this.#shown.of(order), forget: () => this.#forget(order, watch) });
    if (notes) {
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
}

interface WatchOptions {
  /** Whether it is told of what is settled. */
  readonly notes: boolean;
  readonly shown: () => Promise<OrderOutcome | undefined>;
  readonly forget: () => void;
}

class Watch implements OutcomeWatch {
  readonly #options: WatchOptions;
  readonly #noted = new Condition();
  #outcome: OrderOutcome | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  note(outcome: OrderOutcome): void {
    this.#outcome ??= outcome;
    this.#noted.changed();
  }

  async outcome({ withinMs, maybeBefore }: Parameters<OutcomeWatch['outcome']>[0]): Promise<OrderOutcome | undefined> {
    const untilMs = performance.now() + (this.#options.notes ? withinMs : 0);
    for (;;) {
      if (maybeBefore && this.#outcome === undefined) await Promise.race([this.#look(), this.#notedWithin(lookMs)]);
      const leftMs = untilMs - performance.now();
      if (this.#outcome !== undefined || leftMs <= 0) return this.#outcome;
      await this.#notedWithin(maybeBefore ? Math.min(tablesPollMs, leftMs) : leftMs);
    }
  }

  close(): void {
    this.#options.forget();
  }

  /** What comes later than it was waited for is noted all the same. */
  async #look(): Promise<void> {
    const shown = await this.#options.shown();
    if (shown !== undefined) this.note(shown);
  }

  #notedWithin(ms: number): Promise<boolean> {
    return this.#noted.until(() => this.#outcome !== undefined, ms);
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
