import {
  type Lineage,
  type Region,
  type RegionListAnswer,
  type RegionRead,
  regionsOf,
  type Serving,
  shardOf,
  type Topology,
} from '#contracts';
import { assertNever } from '#kernel';

export interface RegionKnowledge {
  readonly here: Region;
  readonly topology: Topology;
  readonly lineage: Lineage | undefined;
  readonly serving: Serving;
}

/** The regions as this one knows them: itself by its agents, the others by the lineage alone, for their agents are not asked. */
export function regionList({ here, topology, lineage, serving }: RegionKnowledge): RegionListAnswer {
  const regions = regionsOf(topology).map((region): RegionRead => {
    const isHome = topology.homes.includes(region);
    const ownsHomes = topology.homes.filter((home) => ownsAllOf(region, home, lineage));
    const serves = region === here ? serving.serving : servesBy(region, isHome, lineage);
    return { region, endpoints: [...(topology.regions[region]?.services.storefront ?? [])], serves, isHome, ownsHomes };
  });
  return { here, regions };
}

function ownsAllOf(region: Region, home: Region, lineage: Lineage | undefined): boolean {
  if (lineage === undefined) return region === home;
  return Object.entries(lineage.shards).every(([shard, segments]) => shardOf(shard).home !== home || segments.at(-1)?.owner === region);
}

function servesBy(region: Region, isHome: boolean, lineage: Lineage | undefined): boolean {
  if (lineage === undefined) return true; // nothing is known against it
  const { status } = lineage;
  const ownsSome = Object.values(lineage.shards).some((segments) => segments.at(-1)?.owner === region);
  switch (status.status) {
    case 'paired':
      return ownsSome || !isHome; // a home that owns nothing is evacuated; one that is no home forwards, as it always does
    case 'solo':
      return status.region === region || ownsSome;
    case 'rejoining':
      return status.region !== region;
    case 'claimed':
      return false;
    default:
      return assertNever(status);
  }
}

/** `west=http://…`: every base URL of the other regions, those that serve first. */
export function otherEndpoints(knowledge: RegionKnowledge): string {
  const { here, regions } = regionList(knowledge);
  return regions
    .filter(({ region }) => region !== here)
    .toSorted((a, b) => Number(b.serves) - Number(a.serves))
    .flatMap(({ region, endpoints }) => endpoints.map((url) => `${region}=${url}`))
    .join(', ');
}
