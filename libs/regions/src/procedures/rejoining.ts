import type { Region, ShardId } from '#contracts';
import { anotherMirrorFor, isLost, liveMirrorFor, lossOf } from './peers.ts';
import { preferredOwner } from './placement.ts';
import type { Step } from './region-view.ts';
import { closedAt, isCutOff, isOutOfReach, isReached, lagOf, named, type ShardSituation, type Situation } from './situation.ts';
import { goOnSolo } from './solo.ts';
import { awaitPerson, close, closedHere, openHere, rest, swap, type NextSegment } from './steps.ts';
import { ownsAny, unreadNote } from './takeover.ts';

/**
 * `rejoining(region)`: the owners make it their shards' mirror, shard by shard. Nobody takes over, least of all the returning one: it
 * lacks what was solo. If it is lost again, or another mirror is, the owner falls back.
 */
export function underRejoining(now: Situation, returning: Region): Step {
  if (!ownsAny(now)) return withoutShards(now, returning);
  const closed = closedHere(now);
  const lost = openHere(now).filter(({ last }) => last.mode === 'paired' && isLost(now, last.mirror));
  if (isLost(now, returning) || lost.length > 0) return fallBack(now, returning, closed, lost);
  if (closed.length > 0) return pair(now, returning, closed);
  const toPair = openHere(now).filter((shard) => isToPair(now, shard, returning) || settlesNoMore(now, shard));
  if (toPair.length > 0) return closeToPair(now, returning, toPair);
  return returning === now.here ? rest('the others pair their shards with us', 'return') : declarePaired(now, returning);
}

/** The owner closes what is paired with the lost region, and goes on solo with all of its shards. */
function fallBack(now: Situation, returning: Region, closed: readonly ShardSituation[], lost: readonly ShardSituation[]): Step {
  const because = lossOf(now, returning) ?? lossOf(now, lost[0]!.last.mirror) ?? '';
  if (lost.length > 0) return close(now, lost, 'fall-back', `${because}; ${lost.length} shards are paired with it and cannot settle`);
  return swap(
    now,
    { status: { status: 'solo', region: now.here }, added: goOnSolo(now, closed) },
    'fall-back',
    `${because}; ${closed.length} shards go on from their close, every other own one is solo still`,
  );
}

/** Nothing of this segment will settle by its mirror's receipts, though that one lives: it goes on under a new one. */
const settlesNoMore = (now: Situation, shard: ShardSituation): boolean => isCutOff(now, shard) || isOutOfReach(now, shard);

/** What is to have another mirror: all that is solo, and, of more than two regions, what the returning one is home of. */
const isToPair = (now: Situation, { shard, last }: ShardSituation, returning: Region): boolean =>
  last.mode === 'solo' || (last.owner !== returning && last.mirror !== returning && preferredOwner(now, shard, last) === returning);

/**
 * The returning region for what is to be paired with it; else the present mirror. Where that one is lost, and for what the returning region owns itself, another one
 * that is alive (of more than two regions): a shard that is paired with a lost one is closed again at once, and its owner would go round without end.
 */
function nextMirror(now: Situation, shard: ShardSituation, returning: Region): Region {
  const { owner, mirror } = shard.last;
  const toPair = isToPair(now, shard, returning);
  if (toPair && owner !== returning) return returning;
  return toPair || isLost(now, mirror) ? (liveMirrorFor(now, owner, mirror) ?? mirror) : mirror;
}

/** Only what the returning region follows closely: a paired commit waits for its receipt. */
function closeToPair(now: Situation, returning: Region, toPair: readonly ShardSituation[]): Step {
  const { handoffLagCommitsMax, pairingBatch } = now.timing;
  const isClose = (shard: ShardSituation): boolean => (lagOf(shard) ?? Infinity) <= handoffLagCommitsMax;
  // What settles no more shows no lag either: it cannot get worse.
  const ready = toPair.filter((shard) => shard.last.mirror !== returning || settlesNoMore(now, shard) || isClose(shard));
  if (ready.length === 0)
    return rest(`${returning} has not receipted ${named(toPair)} to within ${handoffLagCommitsMax} commits of its end`, 'return');
  const batch = ready.slice(0, pairingBatch);
  const because = `${toPair.length} shards are to be paired with ${returning}, ${batch.length} of them now (at most ${pairingBatch})`;
  return close(now, batch, 'return', because);
}

function pair(now: Situation, returning: Region, closed: readonly ShardSituation[]): Step {
  const added = new Map<ShardId, NextSegment>(
    closed.map((shard) => [
      shard.shard,
      {
        owner: now.here,
        base: closedAt(shard)!,
        ...(isOutOfReach(now, shard)
          ? { mode: 'solo', mirror: soloMirror(now, shard, returning) }
          : { mode: 'paired', mirror: nextMirror(now, shard, returning) }),
      },
    ]),
  );
  const alone = closed.filter((shard) => isOutOfReach(now, shard));
  const because = alone.length === 0 ? 'paired' : `but ${named(alone)} alone, for its mirror has not read up to it`;
  return swap(now, { added }, 'return', `${named(closed)} closed: goes on from there, ${because}`);
}

/**
 * What the returning region owns is paired again at once, and not with the one that could not read up to it: the two would take turns without end. Of
 * every other shard the returning one stays the mirror, for it is waited for until it has read up to it.
 */
const soloMirror = (now: Situation, { last: { owner, mirror } }: ShardSituation, returning: Region): Region =>
  (owner === returning ? anotherMirrorFor(now, owner, mirror) : undefined) ?? mirror;

function declarePaired(now: Situation, returning: Region): Step {
  const theirs = now.shards.filter((shard) => isToPair(now, shard, returning));
  if (theirs.length > 0) return rest(`${named(theirs)} is yet to be paired with ${returning}, by its owner${unreadNote(now)}`, 'return');
  const missing = now.shards.filter((shard) => shard.last.mode !== 'paired' || !isReached(shard));
  if (missing.length > 0)
    return rest(
      `${missing.length} shards have no receipt of their own term that reaches their base, from ${returning} or another mirror: ${named(missing)}${unreadNote(now)}`,
      'return',
    );
  return swap(
    now,
    { status: { status: 'paired' } },
    'return',
    `all ${now.shards.length} shards are paired and reached by a receipt of their own term: each region may take over again`,
  );
}

function withoutShards(now: Situation, returning: Region): Step {
  const owners = [...new Set(now.shards.map(({ last }) => last.owner))];
  const loss = owners.map((owner) => lossOf(now, owner)).find((reason) => reason !== undefined);
  if (loss === undefined) return rest(`${owners.join(', ')} pair their shards with ${returning}`, 'return');
  return awaitPerson(
    `${loss}; ${returning} was returning and does not hold all of it: the owner must come back, or a person promotes ${now.here} and accepts the loss`,
  );
}
