import { assert } from '#kernel';
import type { Lineage, Segment, ShardId } from '#contracts';
import { illegalSteps } from '../succession.ts';
import { promotionTermJump } from '../region-timing.ts';
import type { Procedure, Step } from './region-view.ts';
import { ownedHere, type ShardSituation, type Situation } from './situation.ts';

type Status = Lineage['status'];
/** A segment to be added; its term is the lineage's new one. */
export type NextSegment = Omit<Segment, 'term'>;

export const rest = (because: string, procedure: Procedure = 'none'): Step => ({
  step: 'rest',
  procedure,
  because,
  awaitsPerson: false,
});

export const awaitPerson = (because: string, procedure: Procedure = 'none'): Step => ({
  step: 'rest',
  procedure,
  because,
  awaitsPerson: true,
});

/** Claims the next term, over whatever stands: nothing changes for readers until the claim is carried out. */
export function claim(now: Situation, procedure: 'takeover' | 'promote', because: string): Step {
  const term = now.lineage.term + (procedure === 'promote' ? promotionTermJump : 1);
  const lineage: Lineage = { ...now.lineage, term, status: { status: 'claimed', region: now.here, term } };
  assertLegal(now.lineage, lineage);
  return { step: 'claim', procedure, because, expectedRevision: now.revision, lineage };
}

export const cut = (procedure: 'takeover' | 'promote', term: number, because: string): Step => ({ step: 'cut', procedure, because, term });

/** Closes the present term of these shards, all owned here and not closed. */
export function close(now: Situation, shards: readonly ShardSituation[], procedure: Procedure, because: string): Step {
  assert(shards.length > 0, 'a close names shards');
  for (const { shard, last, log } of shards) {
    assert(last.owner === now.here, `closes are written by the owner's agents only: ${shard}`);
    assert(log !== undefined, `only a shard that was read up to its segment is closed: ${shard}`);
    assert(log.closedAt === undefined, `only the first close counts: ${shard}`);
  }
  return { step: 'close', procedure, because, shards: shards.map(({ shard, last }) => ({ shard, term: last.term })) };
}

export interface Change {
  readonly status?: Status;
  readonly added?: ReadonlyMap<ShardId, NextSegment>;
}

/** The lineage with this change, to be swapped for the one in view. */
export function swap(now: Situation, { status, added = new Map() }: Change, procedure: Procedure, because: string): Step {
  const before = now.lineage;
  for (const { shard, last, receiptedSeq } of now.shards)
    assert((added.get(shard)?.base ?? Infinity) >= (receiptedSeq ?? 0), `what ${last.mirror} has receipted of ${shard} stays history`);
  const endsClaim = before.status.status === 'claimed' && status?.status === 'solo';
  const term = endsClaim ? before.term : before.term + 1;
  const segments = new Map([...added].map(([shard, segment]): [ShardId, Segment] => [shard, { term, ...segment }]));
  const shards = { ...before.shards };
  for (const [shard, segment] of segments) shards[shard] = [...(before.shards[shard] ?? []), segment];
  const lineage: Lineage = { term, status: status ?? before.status, shards };
  assertLegal(before, lineage);
  return { step: 'swap', procedure, because, expectedRevision: now.revision, lineage, added: segments };
}

function assertLegal(before: Lineage, after: Lineage): void {
  const illegal = illegalSteps(before, after);
  assert(illegal.length === 0, `a procedure never proposes an illegal lineage: ${illegal.join('; ')}`);
}

/** All shards owned here whose term is not closed and can be. */
export const openHere = (now: Situation): readonly ShardSituation[] =>
  ownedHere(now).filter(({ log }) => log !== undefined && log.closedAt === undefined);

/** Shards owned here that a close was written for, and that have no successor yet. */
export const closedHere = (now: Situation): readonly ShardSituation[] => ownedHere(now).filter(({ log }) => log?.closedAt !== undefined);

/** Shards owned here that are not read up to their segment, or not to their receipts: the agent has just begun, or they stand still. */
export const unreadHere = (now: Situation): readonly ShardSituation[] => ownedHere(now).filter(({ log }) => log === undefined);
