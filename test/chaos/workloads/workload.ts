import { setTimeout as delay } from 'node:timers/promises';
import type { Completion, SkuUnits } from '#checkers';
import type { Region } from '#contracts';
import type { SeededRandom } from '#test-kit';
import type { ClientSession } from './client-session.ts';
import type { LoadContext } from './load-context.ts';

/** A kind of use of the shop: how many sessions at each home, and what one of them does, again and again. */
export interface Workload {
  readonly name: string;
  /** What it is there to find, as a question. */
  readonly asks: string;
  readonly sessionsPerHome: number;
  /** The sessions of a home are one customer's devices. */
  readonly oneCustomerPerHome?: true;
  /** Between two rounds of a session, at least and at most. */
  readonly restMs: readonly [number, number];
  /** One round. `random` is the session's own. Ends early, after the attempt under way, when the load is over. */
  readonly round: (session: ClientSession, context: LoadContext, random: SeededRandom) => Promise<void>;
}

const pauseMs = 250;

/**
 * Asks until the answer is clear, or `tries` attempts had none, or the load is over. Each attempt is asked of another region than the one
 * before, as a client does that was left without an answer. 409 is clear too: asking again would say the same.
 */
export async function untilClear(
  context: LoadContext,
  first: Region,
  tries: number,
  ask: (via: Region) => Promise<Completion>,
): Promise<Completion> {
  const { regions, over } = context;
  let via = first;
  for (let tried = 1; ; tried++) {
    const completion = await ask(via);
    if (isClear(completion) || tried >= tries || over.aborted) return completion;
    via = regions[(regions.indexOf(via) + 1) % regions.length]!;
    await rest(context, pauseMs);
  }
}

/** Refused for now, by a region that is changing hands or full, is not clear: the next attempt may go through. */
const forNow = new Set([
  'owner-unavailable',
  'region-not-serving',
  'stream-blocked',
  'consistency-unreached',
  'unavailable',
  'too-many-requests',
]);
const isClear = (completion: Completion): boolean =>
  completion.outcome === 'ok' || (completion.outcome === 'refused' && !forNow.has(completion.code));

/** Ends early when the load is over. */
export const rest = ({ over }: Pick<LoadContext, 'over'>, ms: number): Promise<void> =>
  delay(ms, undefined, { signal: over }).catch(() => undefined);

/** One to `linesMax` lines of the goods that there is plenty of. */
export const someLines = ({ goods }: LoadContext, random: SeededRandom, linesMax = 2): readonly SkuUnits[] =>
  random
    .shuffled(goods.plenty)
    .slice(0, 1 + random.below(linesMax))
    .map((sku) => ({ sku, quantity: 1 + random.below(3) }));
