import type { Region, ShardId } from '#contracts';
import { isLost, lossOf, liveMirrorFor, othersOf } from './peers.ts';
import type { Step } from './region-view.ts';
import { closedAt, ownedHere, whyUnread, type ShardSituation, type Situation } from './situation.ts';
import { claim, close, cut, openHere, rest, swap, unreadHere, type NextSegment } from './steps.ts';

/**
 * Takeover: claim, cut, close, swap. Each step is found done or not done in etcd and in the own logs, so whoever comes next goes on.
 *
 * A claim is never withdrawn: it is carried out, or overruled by one of a higher term. What is cut or closed under a claim that was
 * overruled is only re-opened by the lineage that wins: every shard gets a new segment there.
 */
type Takeover = 'takeover' | 'promote';

/** Under `paired`: why this region takes over, or undefined. */
export function reasonToClaim(now: Situation): string | undefined {
  for (const region of othersOf(now)) {
    const loss = lossOf(now, region);
    if (loss === undefined) continue;
    const theirs = now.shards.filter(({ last }) => last.owner === region && last.mirror === now.here);
    const ours = now.shards.filter(({ last }) => last.owner === now.here && last.mirror === region);
    if (theirs.length + ours.length === 0) continue;
    return `${loss}; ${theirs.length} shards of it wait to be taken over, ${ours.length} of ours wait for its receipts`;
  }
  return undefined;
}

export const claimNext = (now: Situation, procedure: Takeover, because: string): Step =>
  claim(now, procedure, `${because}. Claiming term ${now.lineage.term + 1} or later`);

/** Goes on with this region's own claim, whoever of its agents made it. */
export function carryOut(now: Situation, term: number, procedure: Takeover): Step {
  const cutAt = now.view.cuts.get(now.here) ?? 0;
  if (cutAt < term)
    return cut(procedure, term, `claim ${term} is ours and read back; ${cutAt === 0 ? 'no cut' : `cut ${cutAt}`} stands in our receipts`);
  const open = openHere(now);
  if (open.length > 0) return close(now, open, procedure, `claim ${term} is ours, ${open.length} of our own shards are not closed`);
  return finish(now, term, procedure);
}

/** More than two regions: every live one does its part of another's claim, so that all shards get their next segment in one swap. */
export function helpClaimant(now: Situation, claimant: Region, term: number): Step | undefined {
  if (now.regions.length === 2) return undefined; // the claimant mirrors all that is ours: it needs nothing from us
  const mirrorsAny = now.shards.some(({ last }) => last.mirror === now.here);
  const because = `${claimant} has claimed term ${term}`;
  if (mirrorsAny && (now.view.cuts.get(now.here) ?? 0) < term) return cut('takeover', term, `${because}; it needs our cut`);
  const open = openHere(now);
  return open.length === 0 ? undefined : close(now, open, 'takeover', `${because}; ${open.length} of our shards are not closed`);
}

type Heir =
  | { readonly kind: 'segment'; readonly segment: NextSegment }
  /** Its reading may come yet; when it does not, the takeover goes on and leaves the shard in its present segment. */
  | { readonly kind: 'unread' }
  | { readonly kind: 'waits'; readonly because: string };

/** The one swap that ends the takeover. */
function finish(now: Situation, term: number, procedure: Takeover): Step {
  // Nobody can ask the lost region again: what is not read now would be cut off for ever.
  if (procedure === 'promote' && !now.view.logsAreCurrent)
    return rest(`claim ${term}: what stands in the logs here is not read to its end yet, and a promotion keeps all of it`, procedure);
  const added = new Map<ShardId, NextSegment>();
  const left: ShardSituation[] = [];
  for (const shard of now.shards) {
    const heir = heirOf(now, shard, term, procedure);
    if (heir.kind === 'waits') return rest(`claim ${term}: ${shard.shard} ${heir.because}`, procedure);
    if (heir.kind === 'segment') added.set(shard.shard, heir.segment);
    else left.push(shard);
  }
  if (left.length > 0 && now.view.statusForMs < now.timing.closesAwaitedMs)
    return rest(`claim ${term} waits for shards of our own: ${whyUnread(left)}`, procedure);
  const standing = left.length === 0 ? '' : `; ${whyUnread(left)}: it keeps its segment and stays shut`;
  const taken = now.shards.filter(({ last }) => last.owner !== now.here).length;
  return swap(
    now,
    { status: { status: 'solo', region: now.here }, added },
    procedure,
    `cut ${term} stands and every own shard is closed: ${taken} shards taken over, ${added.size} go on with term ${term}${standing}`,
  );
}

function heirOf(now: Situation, shard: ShardSituation, term: number, procedure: Takeover): Heir {
  const { last, receiptedSeq, log } = shard;
  const end = closedAt(shard);
  if (last.owner === now.here) return end === undefined ? { kind: 'unread' } : heir(now, now.here, last.mirror, end);
  if (keepsItsShards(now, last.owner, procedure)) {
    if (end !== undefined) return heir(now, last.owner, last.mirror, end);
    if (now.view.statusForMs < now.timing.closesAwaitedMs)
      return { kind: 'waits', because: `waits for the close of its owner ${last.owner}` };
  }
  // A receipt of this very term before the first cut of a later one, or the segment's own base where there is none or it is lower. In a
  // solo segment commits have settled without receipts.
  const base = Math.max(last.base, receiptedSeq ?? 0, last.mode === 'solo' ? (log?.acceptedSeq ?? 0) : 0);
  if (last.mirror === now.here) return heir(now, now.here, last.owner, base);
  if (procedure === 'promote') return heir(now, now.here, last.owner, Math.max(base, log?.acceptedSeq ?? 0));
  const cutAt = now.view.cuts.get(last.mirror) ?? 0;
  if (cutAt >= term) return heir(now, last.mirror, last.owner, base);
  return { kind: 'waits', because: `waits for the cut of its mirror ${last.mirror}, of which ${cutAt} is the newest here` };
}

/** Of two regions the claimant takes everything. Of more, a live owner keeps what is its own. */
const keepsItsShards = (now: Situation, owner: Region, procedure: Takeover): boolean =>
  now.regions.length > 2 && procedure === 'takeover' && !isLost(now, owner);

/** With a third region alive the shard goes on paired with it; of two, solo. */
function heir(now: Situation, owner: Region, other: Region, base: number): Heir {
  const mirror = now.regions.length > 2 ? liveMirrorFor(now, owner, other) : undefined;
  const segment: NextSegment =
    mirror === undefined ? { owner, base, mode: 'solo', mirror: other } : { owner, base, mode: 'paired', mirror };
  return { kind: 'segment', segment };
}

/** Shards of ours that cannot be read hold nothing up for ever, but a person should look. */
export const unreadNote = (now: Situation): string => {
  const unread = unreadHere(now);
  return unread.length === 0 ? '' : `; ${whyUnread(unread)}`;
};

export const ownsAny = (now: Situation): boolean => ownedHere(now).length > 0;
