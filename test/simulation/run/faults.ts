import type { Region } from '#contracts';

/** What may go wrong. What a kind strikes, how hard and for how long is read from its `argument` (see `world/strike.ts`). */
export const faultKinds = [
  'mirror-lag',
  'mirror-stop',
  'mirror-rewind',
  'mirror-loss',
  'mirror-recreate',
  'process-crash',
  'process-pause',
  'region-loss',
  'link-cut',
  'link-cut-one-way',
  'etcd-no-quorum',
  'etcd-cut',
  'swap-answer-lost',
  'swap-late',
  'append-doubt',
  'append-late',
  'answers-lost',
  'provider-timeout',
  'provider-charge-then-fail',
  'topic-skew',
  'postgres-wiped',
  'wish-evacuate',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Where a procedure stands, as the logs and the lineage show it to somebody who sees all of them. */
export const procedureSteps = [
  /** A claim stands, its claimant has not cut yet. */
  'takeover.claimed',
  /** The cut stands, own shards of the claimant are open yet. */
  'takeover.cut',
  /** All of them are closed; the one swap is due. */
  'takeover.closed',
  /** The new segments stand, not all are opened by a fence. */
  'takeover.opening',
  /** The other region lives again: it reads, and offers what it has stranded. */
  'return.catching-up',
  'return.rejoining',
  /** A shard is closed to be paired. */
  'return.closed',
  /** Some shards are paired, not all. */
  'return.pairing',
  /** All are paired, receipts of the new terms are awaited. */
  'return.reaching',
  /** Paired again, shards are on their way home. */
  'return.home',
  /** Somebody wants the region empty, nothing is closed yet. */
  'evacuation.draining',
  'evacuation.closed',
  /** Handed over, not all opened by their new owner. */
  'evacuation.opening',
] as const;
export type ProcedureStep = (typeof procedureSteps)[number];

/** A fault that the schedule fires at a step; what it strikes is in it, so that it repeats exactly and can be left out. */
export interface ScheduledFault {
  readonly atStep: number;
  readonly fault: FaultKind;
  readonly region: Region;
  /** Whole number from 0 below 2^20, read differently by each kind. */
  readonly argument: number;
}

export interface CoveragePair {
  readonly fault: FaultKind;
  readonly step: ProcedureStep;
}
export interface ImpossiblePair extends CoveragePair {
  readonly because: string;
}

const onlyWhileAlone = 'a mirror is dropped only while the other region goes on alone: `mayDropMirror` refuses it otherwise';

/** Pairs that cannot happen, each with its reason; every other one must be reached. */
export const impossiblePairs: readonly ImpossiblePair[] = procedureSteps
  .filter((step) => step !== 'takeover.opening' && step !== 'return.catching-up')
  .map((step) => ({ fault: 'mirror-recreate', step, because: onlyWhileAlone }));

export const coveragePairs: readonly CoveragePair[] = faultKinds.flatMap((fault) =>
  procedureSteps
    .filter((step) => !impossiblePairs.some((pair) => pair.fault === fault && pair.step === step))
    .map((step) => ({ fault, step })),
);

export const pairKey = (fault: FaultKind, step: ProcedureStep): string => `${fault} × ${step}`;
