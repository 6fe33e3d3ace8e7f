import type { Region } from '#contracts';
import type { Heard } from '../logs/region-logs.ts';

/** No beat of a region for `heardAgoMsMax`, or one that was old when it came: its mirror here is dead, or catching up. */
export const followed = { writtenAgoMsMax: 5_000, heardAgoMsMax: 2_000 } as const;

export interface PeerHeard {
  readonly region: Region;
  /** An agent of it has a lease: it lives, and beats. */
  readonly hasLease: boolean;
  readonly heard: Heard | undefined;
}

/**
 * Whether the mirrors of all regions that live carry over what is written now. A region that beats and is not heard is no quiet one: the mirror
 * here is dead, and shows no lag. What is gone need not be heard; what it wrote last may still be arriving.
 */
export function areFollowed(peers: readonly PeerHeard[], nowMs: number, epochMs: number): boolean {
  return peers.every(({ hasLease, heard }) => {
    const isFlowing = heard !== undefined && nowMs - heard.atMs < followed.heardAgoMsMax;
    return isFlowing ? epochMs - heard.writtenAtMs < followed.writtenAgoMsMax : !hasLease;
  });
}
