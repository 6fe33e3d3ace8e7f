import type { CommandEnvelope, Reply, ShardId } from '#contracts';
import type { Decider } from '#kernel';
import type { StreamCache } from './stream-cache.ts';

/** A command in a shard's queue. */
export interface QueuedCommand<Command> {
  readonly envelope: CommandEnvelope;
  readonly command: Command;
  /** Called once, when its offset may be passed: its commit is accepted, or it is refused or bounced. */
  readonly done: () => void;
  /** Who asked in this process is told so, once, instead of by the `replies` topic. */
  readonly told?: (reply: Reply) => void;
}

/** A commit that is decided and not yet in the log. */
export interface DecidedCommit<Event> {
  readonly seq: number;
  readonly envelope: CommandEnvelope;
  readonly streams: readonly string[];
  readonly events: readonly Event[];
}

export interface DecidedBatch<Event> {
  readonly commits: readonly DecidedCommit<Event>[];
  /** One per command, in order; to be published when the commits are accepted. */
  readonly replies: readonly Reply[];
}

/**
 * Decides queued commands one after the other, each on the state that its predecessors leave, without touching the cache: what is
 * decided here counts only when the log has accepted it. Every stream of every command must be in the cache.
 */
export function decideBatch<Command, Event, State, Refusal extends { code: string }>(
  decider: Decider<Command, Event, State, Refusal>,
  cache: StreamCache<Event, State>,
  at: { readonly shard: ShardId; readonly term: number; readonly seq: number },
  queued: readonly QueuedCommand<Command>[],
): DecidedBatch<Event> {
  const ahead = new Map<string, { state: State; seq: number }>();
  const stateOf = (id: string): State => ahead.get(id)?.state ?? cache.stateOf(id);
  const seqOf = (id: string): number => ahead.get(id)?.seq ?? cache.seqOf(id);

  const commits: DecidedCommit<Event>[] = [];
  const replies: Reply[] = [];
  let seq = at.seq;
  for (const { envelope, command } of queued) {
    const reply = (decidedAt: number, result: Reply['result']): void => {
      replies.push({ commandId: envelope.commandId, shard: at.shard, term: at.term, seq: decidedAt, result });
    };
    const streams = decider.streamsOf(command);
    const blocked = streams.filter((id) => cache.isBlocked(id));
    if (blocked.length > 0) {
      reply(0, { outcome: 'stream-blocked', streams: blocked });
      continue;
    }
    const decision = decider.decide(command, stateOf);
    const restsOn = Math.max(0, ...streams.map(seqOf));
    if (decision.outcome === 'refused') reply(restsOn, { outcome: 'refused', refusal: decision.refusal });
    else if (decision.events.length === 0) reply(restsOn, { outcome: 'accepted', changed: false });
    else {
      seq += 1;
      for (const event of decision.events)
        for (const id of decider.streamsChangedBy(event)) ahead.set(id, { state: decider.evolve(id, stateOf(id), event), seq });
      const changed = [...new Set(decision.events.flatMap((event) => decider.streamsChangedBy(event)))];
      const key = streams[0]!;
      commits.push({ seq, envelope, streams: [key, ...changed.filter((id) => id !== key)], events: decision.events });
      reply(seq, { outcome: 'accepted', changed: true });
    }
  }
  return { commits, replies };
}
