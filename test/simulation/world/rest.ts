import { shardOf } from '#contracts';
import { lastSegmentOf } from '#regions';
import type { World } from './world.ts';

/** What is still under way, in words; empty: everything has come to its end, and stands where it belongs. */
export function unrest(world: World): readonly string[] {
  const reasons: string[] = [];
  const { lineage } = world.etcd.stored;
  const isShort = world.living.length < 2;
  if (lineage.status.status !== (isShort ? 'solo' : 'paired')) reasons.push(`the status is ${JSON.stringify(lineage.status)}`);
  for (const shard of world.shards) {
    const { owner } = lastSegmentOf(lineage, shard)!;
    const { home } = shardOf(shard);
    const wanted = world.living.includes(home) ? owner === home : world.living.includes(owner);
    if (!wanted) reasons.push(`${shard} is owned by ${owner}`);
    else if (world.isClosed(shard)) reasons.push(`${shard} is closed`);
  }
  for (const mirror of world.mirrors)
    if (world.living.includes(mirror.here) && world.living.includes(mirror.origin) && mirror.isBehind)
      reasons.push(`${mirror.here} mirrors ${mirror.origin} behind`);
  if (!world.clients.isQuiet) reasons.push('clients wait');
  for (const region of world.living) {
    const { postgres, services, worker, agent, kafka } = world.part(region);
    const stranded = (agent?.unlookedStranded ?? 0) + world.strandedStoreOf(region).due.length;
    if (stranded > 0) reasons.push(`${region} has ${stranded} stranded commits to look for, or to offer`);
    if (postgres.processes.openCount > 0) reasons.push(`processes in ${region}: ${postgres.processes.unfinished().slice(0, 2).join('; ')}`);
    for (const shard of world.shards)
      if (postgres.seqOf(shard) !== world.shown.seqOf(shard))
        reasons.push(`${region} shows ${shard} to ${postgres.seqOf(shard)} of ${world.shown.seqOf(shard)}`);
    if (kafka.pending > 0) reasons.push(`${kafka.pending} appends are on their way in ${region}`);
    if (worker?.isRunning !== true || [...services.values()].some(({ isRunning }) => !isRunning))
      reasons.push(`a process of ${region} does not run`);
  }
  if (reasons.length === 0) return reasons;
  const agents = world.living.map((region) => `${region}: ${world.part(region).agent?.lastStep?.because ?? 'it has not decided anything'}`);
  return [...reasons.slice(0, 4), ...agents];
}
