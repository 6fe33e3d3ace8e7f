import type { EventCatalogue } from '#contracts';
import type { SettledCommit } from '#shard-log';
import type { SettledEvent } from '../projection.port.ts';
import type { BlockedStreams } from './blocked-streams.ts';

/** A commit, or what is stored of one that was set aside. */
export type Admissible = Pick<SettledCommit['commit'], 'shard' | 'seq' | 'streams' | 'body'>;

export type Admission<Event> =
  | { readonly kind: 'applied'; readonly events: readonly SettledEvent<Event>[] }
  /** Its body cannot be understood: its streams wait until somebody decides. */
  | { readonly kind: 'parked'; readonly reason: string }
  /** It can be understood, but one of its streams is blocked: it waits, and all of its streams do too. */
  | { readonly kind: 'withheld'; readonly reason: string };

export const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text;
};

export const withheldReason = 'an earlier commit of one of its streams is parked';

/** Decides what becomes of the next commit of a shard. The streams of one that is set aside are to be blocked, by who asks. */
export function admit<Event extends { readonly type: string }>(
  commit: Admissible,
  catalogue: Pick<EventCatalogue<Event>, 'decode'>,
  blocked: BlockedStreams,
): Admission<Event> {
  let events: readonly Event[];
  try {
    events = catalogue.decode(commit.body);
  } catch (error) {
    return { kind: 'parked', reason: reasonOf(error) };
  }
  if (blocked.touches(commit.shard, commit.streams)) return { kind: 'withheld', reason: withheldReason };
  return { kind: 'applied', events: events.map((event, index) => ({ shard: commit.shard, seq: commit.seq, index, event })) };
}
