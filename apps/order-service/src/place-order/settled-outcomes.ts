import { orderEvents, type OrderId } from '#contracts';
import type { SettledCommit } from '#shard-log';
import type { OrderOutcomes } from './order-outcomes.port.ts';

type Outcome = 'confirmed' | 'cancelled';

/** How often the read model is asked while an order is waited for: only for an outcome that settled before the wait began. */
const askAgainMs = 500;

/**
 * Outcomes from the settled events that pass through this process. What settled before the wait began is asked of the read model,
 * which may show it a little later.
 */
export class SettledOrderOutcomes implements OrderOutcomes {
  readonly #stored: (order: OrderId) => Promise<Outcome | undefined>;
  readonly #waiting = new Map<string, Set<(outcome: Outcome) => void>>();

  constructor(stored: (order: OrderId) => Promise<Outcome | undefined>) {
    this.#stored = stored;
  }

  /** For every settled commit of the order service; decodes only what somebody waits for. */
  onSettled({ commit }: SettledCommit): void {
    const waiting = this.#waiting.get(commit.streams[0] ?? '');
    if (waiting === undefined) return;
    const outcome = outcomeIn(commit.body);
    if (outcome !== undefined) for (const tell of waiting) tell(outcome);
  }

  async outcomeOf(order: OrderId, withinMs: number): Promise<Outcome | undefined> {
    if (withinMs <= 0) return this.#stored(order);
    const deadline = performance.now() + withinMs;
    let settled: Outcome | undefined;
    let wake = (): void => undefined;
    const tell = (outcome: Outcome): void => {
      settled = outcome;
      wake();
    };
    const waiting = this.#waiting.get(order) ?? new Set();
    this.#waiting.set(order, waiting.add(tell));
    try {
      for (let leftMs = withinMs; settled === undefined && leftMs > 0; leftMs = deadline - performance.now()) {
        const stored = await this.#stored(order);
        if (stored !== undefined || settled !== undefined) return settled ?? stored;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(askAgainMs, leftMs));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return settled;
    } finally {
      waiting.delete(tell);
      if (waiting.size === 0) this.#waiting.delete(order);
    }
  }
}

function outcomeIn(body: string): Outcome | undefined {
  if (!body.includes('"OrderConfirmed"') && !body.includes('"OrderCancelled"')) return undefined;
  for (const { type } of orderEvents.decode(body)) {
    if (type === 'OrderConfirmed') return 'confirmed';
    if (type === 'OrderCancelled') return 'cancelled';
  }
  return undefined;
}
