import type { CommandId, Reply, Segment, ShardId } from '#contracts';
import type { ShardStanding } from './shard-standing.ts';

interface Bounced {
  readonly envelope: { readonly commandId: CommandId };
  readonly attempted: boolean;
}

/**
 * What a command is told that is not decided here. `unavailable` and `not-owner` say that nothing has happened; one whose append came to
 * no clear end may be done, so it is never told that: the owner, who has read the history to its base, recognises it.
 */
export function bouncedReply(shard: ShardId, { envelope, attempted }: Bounced, why: Reply['result']): Reply {
  return { commandId: envelope.commandId, shard, term: 0, seq: 0, result: attempted ? inDoubt(why) : why };
}

function inDoubt(why: Reply['result']): Reply['result'] {
  if (why.outcome === 'not-owner')
    return { outcome: 'unknown', reason: 'the shard went to another region', ...(why.owner === undefined ? {} : { owner: why.owner }) };
  if (why.outcome === 'unavailable') return { outcome: 'unknown', reason: why.reason };
  return why;
}

/** What is told while a shard is written by nobody here. */
export function whyBounced(standing: Exclude<ShardStanding, { is: 'here' }>): Reply['result'] {
  return standing.is === 'elsewhere'
    ? { outcome: 'not-owner', owner: standing.owner satisfies Segment['owner'] }
    : { outcome: 'unavailable', reason: standing.because };
}
