import type { Lineage, Region } from '#contracts';
import { mayDropMirror } from '#regions';
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
    if (mayDropMirror(lineage, mirror.here, mirror.origin).allowed || (parts.isLost && isOut(lineage, mirror.here))) {
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

/** It owns nothing, and nothing settles by its receipts: nobody relies on its copies. */
const isOut = ({ shards }: Lineage, region: Region): boolean =>
  Object.values(shards).every(
    (segments) => segments.at(-1)!.owner !== region && (segments.at(-1)!.mode === 'solo' || segments.at(-1)!.mirror !== region),
  );

function othersGoOnWithout(world: World, { status }: Lineage, region: Region): boolean {
  if (world.living.some((other) => world.part(other).isLost)) return false;
  return status.status === 'paired' || (status.status === 'rejoining' && status.region === region);
}
