import { assert } from '#kernel';
import type { Region } from '#contracts';
import type { PeerView } from './region-view.ts';
import type { Situation } from './situation.ts';

/** What this region makes of another one. Nothing here is trusted for safety. */

export function peerOf(now: Situation, region: Region): PeerView {
  const peer = now.view.peers.get(region);
  assert(peer !== undefined, `the view shows every other region: ${region}`);
  return peer;
}

export const othersOf = (now: Situation): readonly Region[] => now.regions.filter((region) => region !== now.here);

/** Why the region counts as lost, or undefined. While anything comes from it and commits settle by it, it is not lost, whatever etcd says of its lease. */
export const lossOf = (now: Situation, region: Region): string | undefined => leaseLossOf(now, region) ?? receiptsLossOf(now, region);

/** It does not live, as far as etcd and its mirror can say. */
export function leaseLossOf(now: Situation, region: Region): string | undefined {
  if (region === now.here) return undefined;
  const { lease, leaseForMs, silentForMs } = peerOf(now, region);
  const { leaseGoneSilenceMs } = now.timing;
  if (lease !== 'gone' || silentForMs < leaseGoneSilenceMs) return undefined;
  return `${region}'s lease is gone for ${leaseForMs} ms, and nothing came from it for ${silentForMs} ms (at least ${leaseGoneSilenceMs})`;
}

/** It may live, and beat: an agent whose mirror is dead still says that it has read nothing new. What counts is whether commits here settle. */
function receiptsLossOf(now: Situation, region: Region): string | undefined {
  if (region === now.here) return undefined;
  const { silentForMs, oldestUnsettledMs } = peerOf(now, region);
  const { receiptsGoneMs } = now.timing;
  if (oldestUnsettledMs < receiptsGoneMs) return undefined;
  return `commits here wait for receipts of ${region} since ${oldestUnsettledMs} ms, and none has settled meanwhile (at least ${receiptsGoneMs}; it was last heard ${silentForMs} ms ago)`;
}

export const isLost = (now: Situation, region: Region): boolean => lossOf(now, region) !== undefined;

/** Alive and heard just now: a shard handed to it, or paired with it, goes on at once. */
export function isPresent(now: Situation, region: Region): boolean {
  if (region === now.here) return true;
  const { lease, silentForMs } = peerOf(now, region);
  return lease === 'held' && silentForMs < now.timing.leaseGoneSilenceMs * 2;
}

/** Why a region that was out cannot be taken back yet, or undefined: it can. */
export function notReadyBecause(now: Situation, region: Region): string | undefined {
  const { lease, leaseForMs, silentForMs, caughtUp, strandedOffered } = peerOf(now, region);
  const { returnPauseMs } = now.timing;
  if (lease !== 'held') return `${region}'s lease is ${lease === 'gone' ? 'gone' : 'not known'}`;
  if (!isPresent(now, region)) return `nothing came from ${region} for ${silentForMs} ms`;
  if (!caughtUp) return `${region} has not caught up`;
  if (!strandedOffered) return `${region} has not yet offered its stranded commits again`;
  if (leaseForMs < returnPauseMs) return `${region} is back for ${leaseForMs} ms only (at least ${returnPauseMs})`;
  return undefined;
}

/** A region that can receipt for `owner` now, other than it: the present mirror if it can, else the next in the topology's order. */
export function liveMirrorFor(now: Situation, owner: Region, preferred: Region): Region | undefined {
  const candidates = liveMirrors(now, owner);
  return candidates.includes(preferred) ? preferred : candidates[0];
}

/** The same, but not the present mirror, which lives and gives no receipts that count. */
export const anotherMirrorFor = (now: Situation, owner: Region, present: Region): Region | undefined =>
  liveMirrors(now, owner).find((region) => region !== present);

function liveMirrors(now: Situation, owner: Region): readonly Region[] {
  const after = now.regions.indexOf(owner);
  const ring = [...now.regions.slice(after + 1), ...now.regions.slice(0, after)];
  return ring.filter((region) => region !== owner && !isLost(now, region) && hasLease(now, region));
}

const hasLease = (now: Situation, region: Region): boolean => region === now.here || peerOf(now, region).lease === 'held';
