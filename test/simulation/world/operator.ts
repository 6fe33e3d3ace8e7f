import type { Lineage, Region } from '#contracts';
import { mayDropMirror } from '#regions';
import type { MirrorMaker } from './mirror-maker.ts';
import { slots } from './region-parts.ts';
import type { World } from './world.ts';

/**
 * The person whom a short mirror calls (runbook ShardsStopped): gets the region of the mirror out of the way, so that the other one goes on
 * alone and nobody relies on the copy, then has it made anew, and starts everything that read it.
 */
export function mendMirrors(world: World): void {
  for (const mirror of world.mirrors) {
    if (!mirror.isShort || !world.living.includes(mirror.here) || !world.living.includes(mirror.origin)) continue;
    const parts = world.part(mirror.here);
    const { lineage } = world.etcd.stored;
    if (mayDropMirror(lineage, mirror.here, mirror.origin).allowed || (parts.isLost && nobodyReliesOn(lineage, mirror))) {
      mirror.recreate();
      for (const slot of slots) parts.in(slot)?.die(world.timers.nowMs);
      world.trace.note(`MENDED the mirror of ${mirror.origin} in ${mirror.here}`);
      if (parts.isLost && !world.mirrors.some(({ here, isShort }) => here === mirror.here && isShort)) parts.comeBack();
    } else if (!parts.isLost && othersGoOnWithout(world, lineage, mirror.here)) {
      parts.lose(world.timers.nowMs);
      world.trace.note(`${mirror.here} is stopped, to have its mirror of ${mirror.origin} made anew`);
    }
  }
}

/** Nothing of that origin's settles by the receipts of this mirror's region. */
const nobodyReliesOn = ({ status, shards }: Lineage, { here, origin }: MirrorMaker): boolean =>
  status.status !== 'claimed' &&
  Object.values(shards).every((segments) => {
    const { owner, mirror, mode } = segments.at(-1)!;
    return owner !== origin || mirror !== here || mode === 'solo';
  });

function othersGoOnWithout(world: World, { status }: Lineage, region: Region): boolean {
  if (world.living.some((other) => world.part(other).isLost)) return false;
  if (world.mirrors.some(({ here, origin, isBehind }) => origin === region && world.living.includes(here) && isBehind)) return false;
  return status.status === 'paired' || (status.status === 'rejoining' && status.region === region);
}
