import type { Region, ShardId } from '#contracts';
import { isLost, liveMirrorFor, lossOf, notReadyBecause, othersOf } from './peers.ts';
import type { Step } from './region-view.ts';
import { closedAt, isCutOff, isOutOfReach, isReached, named, ownedHere, type ShardSituation, type Situation } from './situation.ts';
import { awaitPerson, close, closedHere, openHere, rest, swap, type NextSegment } from './steps.ts';
import { ownsAny, unreadNote } from './takeover.ts';

/** `solo(region)`: a region is out. Nobody takes over; owners go on with what is theirs, and take the lost one back when it is fit. */
export function underSolo(now: Situation, region: Region): Step {
  if (!ownsAny(now)) return withoutShards(now, region);
  const closed = closedHere(now);
  if (closed.length > 0)
    return swap(now, { added: goOnSolo(now, closed) }, 're-open', `${named(closed)} closed without a successor: goes on from there`);
  const waiting = openHere(now).filter((shard) => cannotSettle(now, shard) !== undefined);
  if (waiting.length > 0) return close(now, waiting, 'fall-back', `${named(waiting)}: ${cannotSettle(now, waiting[0]!)}`);
  if (now.shards.every((shard) => shard.last.mode === 'paired' && isReached(shard)))
    return swap(now, { status: { status: 'paired' } }, 'return', 'every shard is paired and reached by a receipt of its own term');
  return takeBack(now, region);
}

/**
 * Why the mirror of a paired shard gives no receipts that count, or undefined. It may be lost; it may have cut them; or, of more than two regions, alive and without what
 * only the lost one could send it: then its reading never gets to the segment's base.
 */
function cannotSettle(now: Situation, shard: ShardSituation): string | undefined {
  const { mode, mirror } = shard.last;
  if (mode !== 'paired') return undefined;
  if (isLost(now, mirror)) return lossOf(now, mirror);
  if (isCutOff(now, shard)) return `${mirror} has cut its receipts of term ${shard.last.term}`;
  return isOutOfReach(now, shard) ? `${mirror} has not read up to it in ${now.view.lineageForMs} ms` : undefined;
}

/** The next segments after closes: solo, or with a third region alive paired with it. */
export function goOnSolo(now: Situation, closed: readonly ShardSituation[]): ReadonlyMap<ShardId, NextSegment> {
  return new Map(
    closed.map((shard) => {
      const { owner, mirror, mode } = shard.last;
      const base = closedAt(shard)!;
      if (mode === 'paired' && cannotSettle(now, shard) === undefined) return [shard.shard, { owner, base, mode, mirror }];
      const other = now.regions.length > 2 && isLost(now, mirror) ? liveMirrorFor(now, owner, mirror) : undefined;
      return [shard.shard, { owner, base, mode: other === undefined ? 'solo' : 'paired', mirror: other ?? mirror }];
    }),
  );
}

function takeBack(now: Situation, region: Region): Step {
  const solo = ownedHere(now).filter(({ last }) => last.mode === 'solo');
  const { returnPauseMs } = now.timing;
  if (solo.length === 0) return rest(`${region} is solo; our shards wait for receipts of their own term${unreadNote(now)}`, 'return');
  if (now.view.statusForMs < returnPauseMs) return rest(`solo for ${now.view.statusForMs} ms only (at least ${returnPauseMs})`, 'return');
  const reasons: string[] = [];
  for (const other of othersOf(now)) {
    const notReady = notReadyBecause(now, other);
    if (notReady !== undefined) reasons.push(notReady);
    else
      return swap(
        now,
        { status: { status: 'rejoining', region: other } },
        'return',
        `${other} is back, caught up, and has offered its stranded commits again: ${solo.length} solo shards are to be paired with it`,
      );
  }
  return rest(`going on alone: ${reasons.join('; ')}${unreadNote(now)}`, 'return');
}

/** This region owns nothing: it is the one that is out, and may not take over. */
function withoutShards(now: Situation, region: Region): Step {
  const loss = lossOf(now, region);
  if (loss === undefined) return rest(`${region} goes on alone and takes us back when we have caught up`, 'return');
  return awaitPerson(
    `${loss}; ${region} was alone, so only its log holds what it answered since: it must come back, or a person promotes ${now.here} and accepts the loss`,
  );
}
