import { firstLineage, region as regionNamed, type Lineage, type Region, type Topology } from '#contracts';
import { regionTimingSchema, type RegionTiming } from '#regions';
import { silentTopology } from '#test-kit';
import type { ShapeName } from '../run/shapes.ts';

const [east, west, south] = [regionNamed('east'), regionNamed('west'), regionNamed('south')];

export const checkoutLimits = { expireAfterMs: 25_000, awaitStockMs: 4_000 };
/** The same proportions as in life, but for the pauses against flapping, so that a run goes through several takeovers and returns. */
export const timing: RegionTiming = regionTimingSchema.parse({
  receiptsRepeatMs: 1_000,
  leaseGoneSilenceMs: 2_000,
  receiptsGoneMs: 4_000,
  neverSeenMs: 6_000,
  claimStandsMs: 4_000,
  closesAwaitedMs: 2_000,
  returnPauseMs: 1_500,
  homePauseMs: 1_500,
  drainMs: 1_000,
  handoffBatch: 3,
  pairingBatch: 4,
});
/** After so long a silence the consumer group gives partitions to somebody else. */
export const sessionMs = 1_200;

/** How a step goes: in safety anything is late, in calm everything comes. */
export interface Pace {
  /** Chance that a given mirror, connection or reader is served in a step. */
  readonly share: number;
  readonly stepMsMax: number;
  /** Chance that somebody asks for something. */
  readonly asks: number;
}
export const safetyPace: Pace = { share: 0.45, stepMsMax: 90, asks: 0.06 };
export const calmPace: Pace = { share: 1, stepMsMax: 120, asks: 0 };

export interface Ground {
  readonly regions: readonly Region[];
  readonly partitions: number;
  readonly topology: Topology;
  readonly first: Lineage;
}

/** What a world begins with. */
export function groundOf(shape: ShapeName, partitions: number): Ground {
  const regions = shape === 'three' ? [east, west, south] : [east, west];
  const topology = { ...silentTopology({ regions, partitions }), homes: shape === 'passive' ? [east] : regions };
  return { regions, partitions, topology, first: firstLineage({ ...topology, regions }) };
}
