import type { ReadingEvent } from '../core/reading-events.ts';
import type { Commit, Fence } from '../core/records.ts';
import type { ShardReading } from '../core/shard-reading.ts';

/** A shard as one instance follows it, whether it writes it or not. */
export interface FollowedWriter<Event> {
  readonly reading: Pick<ShardReading, 'cursor' | 'settledSeq'>;
  readonly cache: { restart(seq: number): void };
  readonly writer: {
    onAccepted(commit: Commit, decode: () => readonly Event[] | undefined): void;
    onFence(fence: Fence, verdict: 'accepted' | 'void'): void;
    onChange(): void;
  };
}

/**
 * Tells a shard's writer and memory what was read. When something that was folded turns out not to be history, all is forgotten, and
 * streams are loaded again from a state that holds everything accepted until now: what was accepted of the present term, settled or
 * not, is decided on, and must not be missed. A stranded commit that was never folded, such as the late tail of an older term,
 * takes nothing back.
 */
export function followReading<Event>(
  { reading, cache, writer }: FollowedWriter<Event>,
  events: readonly ReadingEvent[],
  decode: (commit: Commit) => readonly Event[] | undefined,
): void {
  for (const event of events) {
    if (event.type === 'accepted') writer.onAccepted(event.commit, () => decode(event.commit));
    else if (event.type === 'fence') writer.onFence(event.fence, event.verdict);
    else if (event.type === 'closed' || event.type === 'stopped' || event.type === 'resumed') writer.onChange();
    else if (event.type === 'stranded' && event.wasAccepted) cache.restart(Math.max(reading.settledSeq, reading.cursor.seq));
  }
}
