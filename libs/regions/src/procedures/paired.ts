import type { Region, ShardId } from '#contracts';
import { isPresent, notReadyBecause, peerOf } from './peers.ts';
import { preferredOwner, strandedHome } from './placement.ts';
import type { Procedure, Step } from './region-view.ts';
import { closedAt, isCovered, isCutOff, lagOf, named, ownedHere, type ShardSituation, type Situation } from './situation.ts';
import { close, closedHere, openHere, rest, swap, type NextSegment } from './steps.ts';
import { claimNext, reasonToClaim, unreadNote } from './takeover.ts';

/** `paired`: take over what is lost, else go on from closes, else take a third region back, else bring shards where they belong. */
export function underPaired(now: Situation): Step {
  const loss = reasonToClaim(now);
  if (loss !== undefined) return claimNext(now, 'takeover', loss);
  const closed = closedHere(now);
  const covered = closed.filter(isCovered);
  if (covered.length > 0) return goOnFromCloses(now, covered);
  const reopen = reopenCutOff(now, closed);
  if (reopen !== undefined) return reopen;
  const bringIn = strandedHomeOf(now);
  if (closed.length === 0 && bringIn !== undefined) return bringIn;
  return handOver(now, closed);
}

/** Closed, and the mirror's receipts of that term cover the close: the next owner goes on from there, and nothing is lost. */
function goOnFromCloses(now: Situation, covered: readonly ShardSituation[]): Step {
  const added = new Map<ShardId, NextSegment>();
  const handed: ShardSituation[] = [];
  for (const shard of covered) {
    const { last } = shard;
    const base = closedAt(shard)!;
    const goes = preferredOwner(now, shard.shard, last) === last.mirror && isPresent(now, last.mirror);
    if (goes) handed.push(shard);
    added.set(shard.shard, {
      owner: goes ? last.mirror : last.owner,
      mirror: goes ? last.owner : last.mirror,
      base,
      mode: 'paired',
    });
  }
  const because =
    handed.length === 0
      ? `${named(covered)} was closed, with no reason to hand it over; its receipts cover the close, so it goes on here`
      : `${named(handed)} closed and receipted up to the close: goes to ${[...new Set(handed.map(({ last }) => last.mirror))].join(', ')}`;
  return swap(now, { added }, handed.length === 0 ? 're-open' : procedureHere(now), because);
}

/**
 * A shard that a takeover left out and that can be read again, after its mirror has cut the receipts of its term: no receipt will ever
 * cover its close. It goes on with its owner, and its mirror may not take over before it has said that it holds all of it.
 */
function reopenCutOff(now: Situation, closed: readonly ShardSituation[]): Step | undefined {
  const mirror = closed.find((shard) => isCutOff(now, shard))?.last.mirror;
  if (mirror !== undefined) {
    const shards = closed.filter((shard) => isCutOff(now, shard) && shard.last.mirror === mirror);
    const added = new Map<ShardId, NextSegment>(
      shards.map((shard) => [shard.shard, { owner: now.here, mirror, base: closedAt(shard)!, mode: 'paired' }]),
    );
    const because = `${named(shards)} closed, and ${mirror} has cut its receipts of that term: goes on under a new one, which ${mirror} is to reach first`;
    return swap(now, { status: { status: 'rejoining', region: mirror }, added }, 're-open', because);
  }
  const open = openHere(now).filter((shard) => isCutOff(now, shard) && isPresent(now, shard.last.mirror));
  if (open.length === 0) return undefined;
  return close(now, open, 're-open', `${named(open)}: its mirror has cut its receipts of that term, nothing more can settle in it`);
}

/** More than two regions: a home that is back must become its shards' mirror before it can own them. */
function strandedHomeOf(now: Situation): Step | undefined {
  for (const { shard, last } of ownedHere(now)) {
    const home = strandedHome(now, shard, last);
    if (home === undefined || notReadyBecause(now, home) !== undefined) continue;
    const because = `${home} is back, and home of ${shard}, which it does not even mirror: it is to mirror it first`;
    return swap(now, { status: { status: 'rejoining', region: home } }, 'return', because);
  }
  return undefined;
}

const isEvacuated = (now: Situation): boolean => now.view.wishes.evacuated.includes(now.here);
const procedureHere = (now: Situation): Procedure => (isEvacuated(now) ? 'evacuation' : 'handoff');

/** Closes the next batch of shards that another region should own; `closed` are those that wait for receipts already. */
function handOver(now: Situation, closed: readonly ShardSituation[]): Step {
  const { handoffBatch, handoffLagCommitsMax } = now.timing;
  const waiting = `${named(closed)} closed, waiting for the mirror's receipts to cover the close`;
  if (closed.length * 2 > handoffBatch) return rest(waiting, procedureHere(now));
  const leaving = openHere(now).filter(({ shard, last }) => preferredOwner(now, shard, last) === last.mirror);
  if (leaving.length === 0) return closed.length > 0 ? rest(waiting, procedureHere(now)) : atRest(now);
  const pause = reasonToWait(now, leaving[0]!.last.mirror);
  if (pause !== undefined) return rest(`${leaving.length} shards belong to another region: ${pause}`, procedureHere(now));
  const ready = leaving.filter((shard) => isPresent(now, shard.last.mirror) && (lagOf(shard) ?? Infinity) <= handoffLagCommitsMax);
  const lags = named(leaving.filter((shard) => !ready.includes(shard)));
  if (ready.length === 0) return rest(`${lags}: its next owner is not there, or lags by more than ${handoffLagCommitsMax} commits`);
  const batch = ready.slice(0, handoffBatch - closed.length);
  const why = isEvacuated(now) ? `${now.here} is to be empty` : 'they are not at home here';
  return close(
    now,
    batch,
    procedureHere(now),
    `${leaving.length} shards leave, ${why}; ${batch.length} of them now (at most ${handoffBatch})`,
  );
}

/** Hysteresis: an evacuation drains first, shards go home after a pause. */
function reasonToWait(now: Situation, to: Region): string | undefined {
  const { self, statusForMs } = now.view;
  const { drainMs, homePauseMs, returnPauseMs } = now.timing;
  if (isEvacuated(now))
    return self.notServingForMs < drainMs ? `draining, ${self.notServingForMs} of ${drainMs} ms without serving` : undefined;
  if (statusForMs < homePauseMs) return `paired for ${statusForMs} ms only (at least ${homePauseMs})`;
  const { leaseForMs, caughtUp } = peerOf(now, to);
  if (leaseForMs < returnPauseMs) return `${to} is back for ${leaseForMs} ms only (at least ${returnPauseMs})`;
  return caughtUp ? undefined : `${to} has not caught up`;
}

const atRest = (now: Situation): Step =>
  rest(`paired in term ${now.lineage.term}, ${ownedHere(now).length} shards are owned here, as wished${unreadNote(now)}`);
