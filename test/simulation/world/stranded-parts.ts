import type { CommandEnvelope, Region } from '#contracts';
import type { FeedCheckpoint, SendCommand } from '#shard-log';
import type { CommandOffers, OfferAnswer } from '../../../apps/region-agent/src/stranded/command-offers.port.ts';
import { entryKey, isDue, type StrandedEntry } from '../../../apps/region-agent/src/stranded/stranded-commit.ts';
import type { StrandedState, StrandedStore } from '../../../apps/region-agent/src/stranded/stranded.store.ts';
import type { EdgeAnswer } from './edge.ts';

/** The table of stranded commits, as PostgreSQL keeps it across restarts. */
export class MemoryStrandedStore implements StrandedStore {
  readonly #entries = new Map<string, StrandedEntry>();
  #checkpoint: FeedCheckpoint | undefined;

  get due(): readonly StrandedEntry[] {
    return [...this.#entries.values()].filter(isDue);
  }

  async load(): Promise<StrandedState> {
    return { entries: [...this.#entries.values()], checkpoint: this.#checkpoint };
  }

  async save(entries: readonly StrandedEntry[], checkpoint: FeedCheckpoint | undefined): Promise<void> {
    for (const entry of entries) {
      const known = this.#entries.get(entryKey(entry));
      if (known === undefined || known.commit.offered === 'not-yet') this.#entries.set(entryKey(entry), entry);
    }
    this.#checkpoint = checkpoint ?? this.#checkpoint;
  }
}

const offerMs = 2_000;

/** How a returning region's agent reaches the owner's service: one request each, in place of `HttpCommandOffers`. */
export function offersThrough(way: {
  readonly decide: (to: Region, command: SendCommand) => Promise<EdgeAnswer>;
  readonly reaches: (to: Region) => boolean;
  readonly onOffered: (outcome: string) => void;
}): CommandOffers {
  return {
    offer: async (owner, envelope): Promise<OfferAnswer> => {
      if (!way.reaches(owner)) return { kind: 'again', because: 'the owner is not reached', answered: false };
      const answer = await Promise.race([way.decide(owner, commandOf(envelope)), givenUp()]);
      way.onOffered(answer.outcome);
      switch (answer.outcome) {
        case 'ok':
          return { kind: 'decided', outcome: answer.changed ? 'accepted' : 'done-before' };
        case 'refused':
          return ['unavailable', 'owner-unavailable', 'not-owned-here'].includes(answer.code)
            ? { kind: 'again', because: answer.code, answered: false }
            : { kind: 'decided', outcome: 'refused', refusal: answer.code };
        default:
          return { kind: 'again', because: answer.because, answered: true };
      }
    },
  };
}

const givenUp = (): Promise<EdgeAnswer> =>
  new Promise((resolve) => void setTimeout(() => resolve({ outcome: 'unknown', because: 'timeout' }), offerMs + 300));

/** Its key: that of the stream, which a partition is chosen by. */
const commandOf = ({ commandId, shard, correlation, traceparent, command }: CommandEnvelope): SendCommand => {
  const { orderId, sku } = command as { readonly orderId?: string; readonly sku?: string };
  return { shard, key: orderId ?? sku ?? correlation, commandId, correlation, traceparent, command, deadlineMs: offerMs };
};
