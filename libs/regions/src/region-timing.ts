import { z } from 'zod';

const ms = (defaultMs: number) => z.int().nonnegative().default(defaultMs);
const count = (defaultCount: number) => z.int().positive().default(defaultCount);

/**
 * Every number by which a region detects, waits and hands over, each with its reason. None of them is trusted for safety: a wrong
 * one costs availability or an unneeded takeover, never a settled commit. Overridable one by one from the topology (`timing`).
 *
 * From the loss of a region to the survivor's first write: lease and silence (about 2 to 3 s), then claim, cut, close and swap, each
 * one round of the agent (`roundMs` plus one answer of etcd or Kafka), then fences.
 */
export const regionTimingSchema = z.strictObject({
  /** etcd's smallest lease with an election timeout of 500 ms; shorter ones end when a busy machine pauses the agent. */
  leaseTtlSeconds: count(2),
  /** A live agent repeats its receipts this often, an empty record if it has none to give: four beats fit into one lease. */
  receiptsRepeatMs: ms(500),
  /** With the lease gone, no receipt for this long: two missed beats. An etcd client that starves alone does not fail over. */
  leaseGoneSilenceMs: ms(1_000),
  /**
   * A region that this agent has never seen counts as lost only after so long: where both start at once, one is first. It delays the
   * takeover of a region that is lost together with the agent that knew it.
   */
  neverSeenMs: ms(20_000),
  /** Own commits wait for a region's receipts for this long, and none settles by them, beats or not: a mirror that restarts is back before. */
  receiptsGoneMs: ms(10_000),
  /** Own Kafka silent for this long: the agent gives its lease back. A broker that elects a leader anew is back before. */
  kafkaSilentMs: ms(3_000),
  /** A claim of another live region that stands this long is overruled: a takeover ends within a few seconds, or its claimant is stuck. */
  claimStandsMs: ms(15_000),
  /** More than two regions: how long a claimant waits for the closes of a live owner before it has its mirror take its shards. */
  closesAwaitedMs: ms(5_000),
  /** A returned region must have been alive and caught up for this long: against flapping. Longer than one lease and one mirror restart. */
  returnPauseMs: ms(5_000),
  /** `paired` for this long before home shards go back: a region that falls over again under its first load falls before it. */
  homePauseMs: ms(5_000),
  /** Between "no longer serving" and the first handoff of an evacuation: health check (1 s) plus TTL (1 s) plus one request. */
  drainMs: ms(3_000),
  /** Shards closed at once for a handoff. Each pauses for one mirror delay, one swap and one fence, and those of a batch are opened at the same time: a small one keeps that short. */
  handoffBatch: count(2),
  /** Shards closed at once to become paired again: no receipt is waited for, so the pause is one swap and one fence. */
  pairingBatch: count(12),
  /** A shard is closed for another region only if that has receipted all but so many commits: the pause grows with what is missing. */
  handoffLagCommitsMax: count(500),
  /** Pause between two rounds of the leading agent that had nothing to do. */
  roundMs: ms(100),
  /** One call of etcd. Longer than an election. */
  etcdCallMs: ms(1_500),
  /** A region serves only on what it has read from etcd within this time: a lease, and an election of etcd on a busy machine. */
  servingKnowledgeMs: ms(3_000),
});

export type RegionTiming = Readonly<z.infer<typeof regionTimingSchema>>;

export const defaultRegionTiming: RegionTiming = regionTimingSchema.parse({});

/** A person's promotion, with no majority to ask, raises the term by this: past whatever the lost majority may have decided. */
export const promotionTermJump = 1_000_000;
