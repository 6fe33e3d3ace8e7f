import { shardOf, type Region, type Segment, type ShardId } from '#contracts';
import { isPresent } from './peers.ts';
import type { Situation } from './situation.ts';

/**
 * Who should own a shard: its home, unless somebody wants the home empty; else whoever owns it, unless that one is to be empty too;
 * else its mirror, the only one that a shard can be handed to. With nobody left it stays where it is.
 */
export function preferredOwner(now: Situation, shard: ShardId, last: Segment): Region {
  const isToBeEmpty = (region: Region): boolean => now.view.wishes.evacuated.includes(region);
  const { home } = shardOf(shard);
  if (!isToBeEmpty(home) && now.regions.includes(home)) return home;
  if (!isToBeEmpty(last.owner)) return last.owner;
  return isToBeEmpty(last.mirror) ? last.owner : last.mirror;
}

/** The home that waits to own a shard, but is neither its owner nor its mirror: possible only with more than two regions. */
export function strandedHome(now: Situation, shard: ShardId, last: Segment): Region | undefined {
  const wanted = preferredOwner(now, shard, last);
  return wanted !== last.owner && wanted !== last.mirror && isPresent(now, wanted) ? wanted : undefined;
}
