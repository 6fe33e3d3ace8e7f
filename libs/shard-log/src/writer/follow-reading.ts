import type { ReadingEvent } from '../core/reading-events.ts';
import type { Commit, Fence } from '../core/records.ts';

/** A shard as one instance follows it, whether it writes it or not. */
export interface FollowedWriter<Event> {
  readonly cache: { takeBack(base: number, streams: Iterable<string>): void };
  readonly writer: {
    onAccepted(commit: Commit, decode: () => readonly Event[] | undefined): void;
    onFence(fence: Fence, verdict: 'accepted' | 'void'): void;
    onChange(): void;
  };
}

/**
 * Tells a shard's writer and memory what was read. When commits that were folded turn out not to be history, the streams that they
 * changed are forgotten, before anything that was accepted behind them is folded, and loaded again from a state that holds everything up to
 * the base beneath them. A stranded commit that was never folded, such as the late tail of an older term, takes nothing back.
 */
export function followReading<Event>(
  { cache, writer }: FollowedWriter<Event>,
  events: readonly ReadingEvent[],
  decode: (commit: Commit) => readonly Event[] | undefined,
): void {
  takeBack(cache, events);
  for (const event of events) {
    if (event.type === 'accepted') writer.onAccepted(event.commit, () => decode(event.commit));
    else if (event.type === 'fence') writer.onFence(event.fence, event.verdict);
    else if (event.type === 'closed' || event.type === 'stopped' || event.type === 'resumed') writer.onChange();
  }
}

/** All that is stranded of what was folded comes at once, when the lineage is learned: the first one stands on the next segment's base. */
function takeBack(cache: FollowedWriter<never>['cache'], events: readonly ReadingEvent[]): void {
  const stranded = events.filter((event) => event.type === 'stranded').filter(({ wasAccepted }) => wasAccepted);
  const first = stranded[0];
  if (first !== undefined) cache.takeBack(first.commit.seq - 1, new Set(stranded.flatMap(({ commit }) => commit.streams)));
}
