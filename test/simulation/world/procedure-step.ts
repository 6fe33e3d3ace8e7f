import type { Region, ShardId } from '#contracts';
import { lastSegmentOf } from '#regions';
import type { ProcedureStep } from '../run/faults.ts';
import type { World } from './world.ts';

/** Where the procedure that is under way stands, by the logs and the lineage as they are, not as anybody has read them; undefined: none is. */
export function procedureStepOf(world: World): ProcedureStep | undefined {
  const { status } = world.etcd.stored.lineage;
  switch (status.status) {
    case 'claimed':
      return takeoverStep(world, status.region, status.term);
    case 'solo':
      if (!world.areOpened(status.region)) return 'takeover.opening';
      return world.regions.some((region) => region !== status.region && !world.part(region).isLost) ? 'return.catching-up' : undefined;
    case 'rejoining':
      return returnStep(world);
    default:
      return handoffStep(world);
  }
}

function takeoverStep(world: World, claimant: Region, term: number): ProcedureStep {
  if (world.cutOf(claimant) < term) return 'takeover.claimed';
  const open = owned(world, claimant).filter((shard) => !world.isClosed(shard));
  return open.length > 0 ? 'takeover.cut' : 'takeover.closed';
}

function returnStep(world: World): ProcedureStep {
  const { lineage } = world.etcd.stored;
  const paired = world.shards.filter((shard) => lastSegmentOf(lineage, shard)!.mode === 'paired');
  if (paired.length === world.shards.length) return 'return.reaching';
  if (world.shards.some((shard) => world.isClosed(shard))) return 'return.closed';
  return paired.length > 0 ? 'return.pairing' : 'return.rejoining';
}

function handoffStep(world: World): ProcedureStep | undefined {
  const evacuated = world.etcd.wishes.evacuated;
  const closed = world.shards.some((shard) => world.isClosed(shard));
  if (evacuated.length > 0) {
    if (closed) return 'evacuation.closed';
    if (evacuated.some((region) => owned(world, region).length > 0)) return 'evacuation.draining';
    return world.regions.every((region) => world.areOpened(region)) ? undefined : 'evacuation.opening';
  }
  return closed || world.shards.some((shard) => !world.isHome(shard)) ? 'return.home' : undefined;
}

const owned = (world: World, region: Region): readonly ShardId[] =>
  world.shards.filter((shard) => lastSegmentOf(world.etcd.stored.lineage, shard)!.owner === region);
